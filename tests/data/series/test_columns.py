"""Columns are found by their usual names, or as they are given; what is not clear is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest

from elman._errors import DataError
from elman.data.series.columns import Roles, find_roles
from elman.data.series.config import SeriesConfig
from elman.data.table import Row, Table


class Few(Table):
    """Some rows."""

    def __init__(self, columns: dict[str, list[str]]) -> None:
        super().__init__("a.csv", tuple(columns))
        self.cells = columns

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        for k in range(len(next(iter(self.cells.values())))):
            yield Row(k + 2, tuple(self.cells[name][k] for name in columns))


DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]


def roles(config: SeriesConfig | None = None, /, **columns: list[str]) -> Roles:
    table = Few(columns)
    return find_roles(table, list(table.rows(table.columns)), config or SeriesConfig())


NUMBERS, WORDS = ["1", "2", "", "4"], ["a", "b", "c", "d"]


def test_the_usual_names() -> None:
    found = roles(unique_id=["a", "a", "b", "b"], ds=DAYS, y=NUMBERS, price=NUMBERS)
    assert found == Roles(("unique_id",), "ds", ("y",), (), (), (), ("price",))


def test_names_of_other_tables_and_other_cases() -> None:
    found = roles(Symbol=["A", "A", "B", "B"], Date=DAYS, Close=NUMBERS, note=WORDS)
    assert found == Roles(("Symbol",), "Date", ("Close",), (), (), (), ("note",))
    assert roles(when=DAYS, meters=NUMBERS) == Roles((), "when", ("meters",), (), (), (), ())
    assert roles(value=NUMBERS).time is None


def test_dates_and_numbers_as_they_are_written(tmp_path: object) -> None:
    config = SeriesConfig(date_format="%d.%m.%Y", decimal=",")
    days = [f"0{k}.01.2024" for k in (1, 2, 3, 4)]
    found = roles(config, tag=days, laden=["x", "y", "x", "y"], menge=["1,5", "2", "", "3,25"])
    assert (found.time, found.targets, found.unused) == ("tag", ("menge",), ("laden",))


def test_numbers_of_rows_name_no_series() -> None:
    found = roles(id=["1", "2", "3", "4"], date=DAYS, sales=NUMBERS)
    assert found.ids == () and found.unused == ("id",)
    assert roles(id=["1", "2", "1", "4"], date=DAYS, sales=NUMBERS).ids == ("id",)
    assert roles(unique_id=WORDS, date=DAYS, sales=NUMBERS).ids == ("unique_id",)


def test_columns_are_given() -> None:
    config = SeriesConfig(
        id_column=("shop", "item"), time_column="1", targets=("b,a",), known=("c",), static=("d",)
    )
    found = roles(config, t=DAYS, a=NUMBERS, b=NUMBERS, c=NUMBERS, d=WORDS, shop=WORDS, item=WORDS)
    assert found == Roles(("shop", "item"), "t", ("b", "a"), ("c",), (), ("d",), ())
    assert found.numbers == ("b", "a", "c")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (SeriesConfig(targets=("heigth",)), "no column 'heigth'; did you mean 'height'?"),
        (SeriesConfig(targets=("height",), past=("2",)), "column 'height' is asked for twice"),
        (SeriesConfig(targets=("height,height",)), "column 'height' is asked for twice"),
        (SeriesConfig(), "which column is to be forecast? Columns of numbers: height, width"),
    ],
)
def test_what_is_not_clear_is_asked(config: SeriesConfig, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        roles(config, date=DAYS, height=NUMBERS, width=NUMBERS)


def test_words_alone_cannot_be_forecast() -> None:
    with pytest.raises(DataError, match="no column of numbers to forecast. Columns: date, note"):
        roles(date=DAYS, note=WORDS)
    with pytest.raises(DataError, match="no column of numbers"):
        roles(date=DAYS, gap=["", "", "", ""])
