"""Tables of any kind come as rows of text that mean the same."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data.series.config import SeriesConfig
from elman.data.series.source import open_source


def rows(path: Path, config: SeriesConfig | None = None) -> list[tuple[str, ...]]:
    table = open_source(str(path), config or SeriesConfig())
    return [row.values for row in table.rows(table.columns)]


def test_headers_are_told_from_values(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("2024-01-01,5\n2024-01-02,6\n")
    assert rows(tmp_path / "a.csv") == [("2024-01-01", "5"), ("2024-01-02", "6")]
    (tmp_path / "b.tsv").write_text("day\tsold\n2024-01-01\t5\n")
    assert rows(tmp_path / "b.tsv") == [("2024-01-01", "5")]
    (tmp_path / "c.csv").write_text("day,2023,2024\n1,5,6\n")
    table = open_source(str(tmp_path / "c.csv"), SeriesConfig(header=True))
    assert table.columns == ("day", "2023", "2024")


def test_delimiters_and_encodings(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("Straße;Wert\nä;1,5\n".encode("latin-1"))
    assert rows(tmp_path / "a.csv", SeriesConfig(encoding="latin-1")) == [("ä", "1,5")]
    (tmp_path / "b.csv").write_text("a b\n1 2\n")
    assert rows(tmp_path / "b.csv", SeriesConfig(delimiter=" ")) == [("1", "2")]


def test_json_lines(tmp_path: Path) -> None:
    lines = [{"ds": 1, "y": 2.5, "id": "a"}, {"ds": 2, "y": None, "id": "a"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert rows(tmp_path / "a.jsonl") == [("1", "2.5", "a"), ("2", "", "a")]


def test_parquet_with_dates_and_decimals(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    store = pytest.importorskip("pyarrow.parquet")
    table = arrow.table(
        {
            "day": [dt.date(2024, 1, 1), dt.date(2024, 1, 2)],
            "time": [dt.datetime(2024, 1, 1, 13, 5), None],
            "price": [Decimal("1.50"), Decimal("2")],
            "y": [0.1, None],
            "id": arrow.array(["a", "b"]).dictionary_encode(),
            "open": [True, None],
            "ns": arrow.array([1_500, None], arrow.timestamp("ns", "UTC")),
        }
    )
    store.write_table(table, tmp_path / "a.parquet")
    assert rows(tmp_path / "a.parquet") == [
        (
            *("2024-01-01", "2024-01-01 13:05:00.000000", "1.50", "0.1", "a", "true"),
            "1970-01-01 00:00:00.000001Z",
        ),
        ("2024-01-02", "", "2.00", "", "b", "", ""),
    ]
    store.write_table(arrow.table({"y": [{"a": 1}]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match="b.parquet: column 'y' holds struct<a: int64>; expected"):
        rows(tmp_path / "b.parquet")


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder. Give one table"):
        rows(tmp_path)
    with pytest.raises(DataError, match="none.csv is not there"):
        rows(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match="empty"):
        rows(tmp_path / "empty.csv")
