"""Sets that are made: known by name, made once, found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.find import find_data, is_known
from elman.data.folders import FOLDERS, BuiltinFolder
from elman.data.package import Package


def test_a_made_set_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path))
    told: list[str] = []

    def make(folder: Path, progress: object) -> None:
        told.append("made")
        (folder / "table.tsv").write_text("a")

    small = BuiltinFolder("", "", make, "classify", 3, "table.tsv", Package("json"))
    monkeypatch.setitem(FOLDERS._items, "small", small)
    assert is_known("small")
    path = Path(find_data("small"))
    assert path == tmp_path / "builtin" / "small-3" / "table.tsv" and path.read_text() == "a"
    assert find_data("small") == str(path) and told == ["made"]


def test_what_is_missing_is_known_before_it_is_made() -> None:
    away = BuiltinFolder("", "", lambda *_: None, "classify", 1, "", Package("no_such_module"))
    assert not away.here
    assert all(FOLDERS[name].description for name in FOLDERS)
