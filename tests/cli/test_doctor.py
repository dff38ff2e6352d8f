from __future__ import annotations

import importlib.metadata

import pytest
import torch

from elman.ops.backends import BACKENDS
from tests.cli.small import Elman


def test_doctor_tells_versions_and_backends(elman: Elman) -> None:
    shown = elman("doctor").out
    assert torch.__version__ in shown
    for name in BACKENDS:
        assert f"backend {name}" in shown


def test_missing_extra_comes_with_its_command(
    elman: Elman, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "tokenizers":
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert "pip install 'elman[text]'" in elman("doctor").out
