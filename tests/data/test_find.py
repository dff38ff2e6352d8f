"""Names lead to files: built in, downloaded, or one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data.builtin import BUILTIN, BuiltinText
from elman.data.find import find_data, is_known


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path))
    return tmp_path


def test_a_path_stays(cache: Path) -> None:
    assert find_data("mine.csv") == "mine.csv"
    assert not is_known("mine.csv")


def test_a_built_in_set_is_written_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = ["a\tb\n"]
    small = BuiltinText("", "", lambda: iter(content), "classify", ".tsv")
    monkeypatch.setitem(BUILTIN._items, "small", small)
    assert is_known("small")
    path = Path(find_data("small"))
    assert path.parent == cache / "builtin" and path.suffix == ".tsv"
    assert path.read_text() == "a\tb\n"
    before = path.stat().st_mtime_ns
    assert find_data("small") == str(path) and path.stat().st_mtime_ns == before
    content.append("c\td\n")
    assert find_data("small") != str(path)


def test_a_set_that_is_not_downloaded_says_how() -> None:
    assert is_known("trec")
    with pytest.raises(DataError, match="elman data fetch trec"):
        find_data("trec")
