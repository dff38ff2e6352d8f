"""The library's files are read in their own encoding; a missing library is named."""

from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data.library import library


def test_files_come_sorted_by_path_in_their_own_encoding(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_bytes("# coding: latin-1\nx = 'é'\n".encode("latin-1"))
    (tmp_path / "a.py").write_text("y")
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "c.py").write_text("skipped")
    found = [(path.name, text) for path, text in library(tmp_path)]
    assert found == [("a.py", "y"), ("b.py", "# coding: latin-1\nx = 'é'\n")]


def test_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without its source"):
        list(library(tmp_path))
