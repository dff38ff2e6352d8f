from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data import source
from elman.data.source import open_source


def test_size_and_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("é\r\n".encode())
    found = open_source(str(path))
    assert (found.size, "".join(piece.text for piece in found.read())) == (4, "é\r\n")


def test_small_files_are_known_by_content(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text("same")
    (tmp_path / "c").write_text("else")
    a, b, c = (open_source(str(tmp_path / name)).identity for name in "abc")
    assert a == b != c


def test_large_files_are_known_by_path_and_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "SMALL", 3)
    path = tmp_path / "a"
    path.write_text("same")
    before = open_source(str(path))
    os.utime(path, ns=(1, 1))
    assert open_source(str(path)).identity != before.identity
    assert before.size == 4


def test_gzip_has_its_unpacked_size(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"abc" * 100))
    assert open_source(str(tmp_path / "a.gz")).size == 300


def test_builtin_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("manual").write_text("mine")
    assert open_source("manual").size > 300_000
    assert open_source("./manual").size == 4


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        open_source(str(tmp_path / "no"))


def test_a_downloaded_text_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="elman data fetch tinyshakespeare"):
        open_source("tinyshakespeare")
    folder = tmp_path / "fetched" / "tinyshakespeare"
    folder.mkdir(parents=True)
    (folder / "input.txt").write_text("First Citizen:")
    assert open_source("tinyshakespeare").name == str(folder / "input.txt")
