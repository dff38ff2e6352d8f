from __future__ import annotations

import pytest
import torch

from elman._errors import BackendUnavailable
from elman.bench import machine


def test_about_names_what_figures_depend_on() -> None:
    facts = machine.about()
    assert facts["torch"] == torch.__version__
    for key in ("processor", "cores", "instruction set", "python", "measured"):
        assert facts[key]


def test_without_kernels_there_is_nothing_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "KERNELS", None)
    monkeypatch.setattr(machine, "MISSING", "not built")
    with pytest.raises(BackendUnavailable, match="nothing to measure: not built"):
        machine.about()
