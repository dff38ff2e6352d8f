from __future__ import annotations

from pathlib import Path

from tests.cli.small import Elman


def test_demo_needs_time(elman: Elman) -> None:
    assert "expected more than 0" in elman("demo", "--seconds", 0).err


def test_demo_learns_shows_and_compares(elman: Elman, tmp_path: Path) -> None:
    done = elman("demo", "--seconds", 4)
    assert done.code == 0, done.err
    for word in ("Before it has read anything", "At the end it writes", "5-gram", "uniform"):
        assert word in done.out
    assert "characters per second" in done.out
    assert "elman generate runs/demo-1" in done.out
    assert (tmp_path / "runs" / "demo-1" / "model.safetensors").exists()
