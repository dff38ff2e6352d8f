from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from elman.bench import jax_scan
from elman.bench.rivals import find_rivals


@pytest.mark.parametrize(("gone", "how"), [("onnxruntime", "elman[bench]"), ("jax", "install jax")])
def test_a_missing_competitor_is_one_line(
    gone: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str) -> ModuleType:
        if name == gone:
            raise ModuleNotFoundError(f"No module named '{name}'")
        return ModuleType(name)

    monkeypatch.setattr(importlib, "import_module", find)
    monkeypatch.setattr(jax_scan, "start", lambda: None)
    found = find_rivals(1)
    assert (found.onnx, found.jax) == (gone != "onnxruntime", gone != "jax")
    (line,) = found.missing
    assert "\n" not in line and how in line and "is not measured" in line


def test_xla_starts_on_the_cores_of_the_most_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    seen: list[int] = []
    monkeypatch.setattr(importlib, "import_module", ModuleType)
    monkeypatch.setattr(jax_scan, "start", lambda: seen.append(torch.get_num_threads()))
    assert find_rivals(1).missing == ()
    assert seen == [1]
