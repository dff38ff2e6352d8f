"""A folder of the cache is made once, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from elman._errors import DataError, RunError
from elman.data.made import made_folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path))
    return tmp_path


def test_it_is_made_once() -> None:
    calls = []

    def make(folder: Path, progress: object) -> None:
        calls.append(progress)
        (folder / "a.txt").write_text("a")

    first, again = made_folder("set-1", make), made_folder("set-1", make)
    assert first == again and (first / "a.txt").read_text() == "a" and calls == [None]


def test_nothing_stays_of_a_set_that_failed(cache: Path) -> None:
    def make(folder: Path, progress: object) -> None:
        (folder / "a.txt").write_text("a")
        raise DataError("no such package")

    with pytest.raises(DataError, match="no such package"):
        made_folder("set-1", make)
    assert list((cache / "builtin").iterdir()) == []


def test_another_process_may_be_faster(cache: Path) -> None:
    def make(folder: Path, progress: object) -> None:
        other = cache / "builtin" / "set-1"
        other.mkdir()
        (other / "theirs").touch()

    folder = made_folder("set-1", make)
    assert [path.name for path in folder.iterdir()] == ["theirs"]


def test_a_cache_that_cannot_be_written_is_named(cache: Path) -> None:
    (cache / "builtin").write_text("a file stands where the folder should be")
    with pytest.raises(RunError, match=r"cannot write .*set-1: .*ELMAN_CACHE"):
        made_folder("set-1", lambda folder, _: None)
    assert os.listdir(cache) == ["builtin"]
