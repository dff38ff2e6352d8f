"""Parquet files are tables like the others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data.parquet import is_parquet
from elman.data.table import open_table


def written(path: Path) -> Path:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = {"text": ["a", "b", None] * 700, "label": [0, 1, 1] * 700, "words": [["x", "y"]] * 2100}
    parquet.write_table(pyarrow.table(table), path, row_group_size=1000)
    return path


def test_rows_by_name_whatever_the_ending(tmp_path: Path) -> None:
    path = written(tmp_path / "a.data")
    table = open_table(str(path))
    assert table.columns == ("text", "label", "words") and is_parquet(path)
    rows = list(table.rows(["label", "text", "words"]))
    assert len(rows) == 2100
    assert rows[0] == (1, ("0", "a", "x y")) and rows[2099] == (2100, ("1", "", "x y"))
    assert table.where(7) == f"{path}, row 7"


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="not a sound Parquet file"):
        open_table(str(path))


def test_without_pyarrow_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(DataError, match=r"pip install 'elman\[table\]'"):
        open_table(str(tmp_path / "a.parquet"))
