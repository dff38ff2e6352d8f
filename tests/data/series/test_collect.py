"""Rows of text become columns; every value that is wrong is named with its line."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.series import collect as module
from elman.data.series.collect import Collected, collect, counted, counts_steps
from elman.data.series.columns import find_roles
from elman.data.series.config import SeriesConfig
from elman.data.series.source import open_source


def collected(tmp_path: Path, text: str, config: SeriesConfig | None = None) -> Collected:
    path, config = tmp_path / "a.csv", config or SeriesConfig()
    path.write_text(text)
    table = open_source(str(path), config)
    sample = list(itertools.islice(table.rows(table.columns), 3))
    return collect(table, find_roles(table, sample, config), sample, config)


def test_rows_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "id,ds,y,p\n" + "".join(f"s{k % 3},{k},{k / 4},{-k}\n" for k in range(20))
    config = SeriesConfig(id_column=("id",), past=("p",))
    whole = collected(tmp_path, text, config)
    monkeypatch.setattr(module, "CHUNK", 7)
    parts = collected(tmp_path, text, config)
    for one in (whole, parts):
        assert one.names == ["s0", "s1", "s2"]
        assert one.codes.tolist() == [k % 3 for k in range(20)]
        assert one.times.tolist() == list(range(20))
        assert one.numbers.tolist() == [[k / 4, -k] for k in range(20)]
        assert one.places.tolist() == list(range(2, 22))


def test_progress_reaches_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 8)
    (tmp_path / "a.csv").write_text("ds,y\n" + "".join(f"{k},{k}\n" for k in range(20)))
    table = open_source(str(tmp_path / "a.csv"), SeriesConfig())
    sample = list(table.rows(table.columns))
    told: list[tuple[int, int, str]] = []
    roles = find_roles(table, sample, SeriesConfig())
    collect(table, roles, sample, SeriesConfig(), lambda *one: told.append(one))
    assert [done for done, _, _ in told] == [8, 16, 20]
    assert all(done <= total for done, total, _ in told) and told[0][2] == "reading"


def test_rows_are_counted_where_there_are_no_times(tmp_path: Path) -> None:
    text = "symbol,y\na,1\na,2\nb,3\na,4\nb,5\nb,6\n"
    assert collected(tmp_path, text).times.tolist() == [0, 1, 0, 2, 1, 2]
    assert counted(np.array([], np.int64)).tolist() == []


def test_years_are_dates_and_numbers_are_steps(tmp_path: Path) -> None:
    assert collected(tmp_path, "year,y\n2001,1\n2002,2\n").times.dtype.kind == "M"
    assert collected(tmp_path, "t,y\n2001,1\n2002,2\n").times.tolist() == [2001, 2002]


def test_several_columns_name_a_series(tmp_path: Path) -> None:
    text = "shop,item,ds,y\nx,1,0,5\nx,2,0,6\nx,1,1,7\n"
    found = collected(tmp_path, text, SeriesConfig(id_column=("shop", "item")))
    assert found.names == ["x/1", "x/2"] and found.codes.tolist() == [0, 1, 0]


def test_static_columns_are_numbers_or_words(tmp_path: Path) -> None:
    text = "symbol,ds,y,size,kind\na,0,1,2,x\na,1,1,2,x\nb,0,1,3.5,y\nb,1,1,3.5,y\n"
    found = collected(tmp_path, text, SeriesConfig(static=("size", "kind")))
    assert found.static == {"size": [2.0, 3.5], "kind": ["x", "y"]}


def test_a_zone_that_all_have_is_left_out(tmp_path: Path) -> None:
    found = collected(tmp_path, "ds,y\n2024-01-01T00:00Z,1\n2024-01-02T00:00Z,2\n")
    assert found.zone == "Z" and found.times[1] == np.datetime64("2024-01-02")


@pytest.mark.parametrize(
    ("text", "config", "message"),
    [
        ("ds,y\n1,2\n2,many\n", {}, "line 3: column 'y' has 'many'; expected a finite number"),
        ("ds,y\n1,2\n2,inf\n", {}, "line 3: column 'y' has 'inf'; expected a finite number"),
        ('ds,y\n1,2\n2,"1,5"\n', {}, '--series.decimal ","'),
        ("ds,y\n1,2\n1.5,3\n", {}, "line 3: column 'ds' has '1.5'; expected a whole number"),
        ("ds,y\n2024-01-01,2\nMay 3,3\n", {}, 'say how: --series.date-format "%d.%m.%Y"'),
        (
            "ds,y\n2024-01-01T00:00Z,1\n2024-01-02T00:00+01:00,2\n",
            {},
            "line 3: column 'ds' mixes time zones: +01:00 here, Z in line 2",
        ),
        (
            "ds,y\n2024-01-01T00:00,1\n2024-01-02T00:00+01:00,2\n",
            {},
            "mixes time zones: +01:00 here, none in line 2",
        ),
        (
            "ds,y\n01.02.2024,1\n2024-01-02,2\n",
            {"date_format": "%d.%m.%Y"},
            "line 3: column 'ds' has '2024-01-02'; expected a date written as %d.%m.%Y",
        ),
        (
            "symbol,ds,y,kind\na,0,1,x\na,1,1,z\n",
            {"static": ("kind",)},
            "line 3: column 'kind' is to be the same in all rows of a series, but series 'a' has "
            "'x' before and 'z' here",
        ),
        (
            "symbol,ds,y,kind\na,0,1,x\na,1,1,z\n",
            {"known": ("kind",)},
            "line 2: column 'kind' has 'x'; expected a finite number, or nothing where none was "
            "observed. Words that never change within a series: --series.static; others have to be "
            "numbers",
        ),
        ("unique_id,ds,y\na,0,1\n,1,1\n", {"id_column": ("unique_id",)}, "line 3: no name of a"),
        ("ds,y\n1,2\n2\n", {}, "line 3: expected 2 columns, found 1"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, text: str, config: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        collected(tmp_path, text, SeriesConfig.model_validate(config))


def test_late_steps_must_be_whole(tmp_path: Path) -> None:
    text = "ds,y\n" + "".join(f"{k},1\n" for k in range(5)) + "5.5,1\n"
    with pytest.raises(DataError, match="line 7: column 'ds' has '5.5'; expected a whole number"):
        collected(tmp_path, text)


def test_formats_of_their_own_are_never_steps(tmp_path: Path) -> None:
    config = SeriesConfig(date_format="unix")
    assert collected(tmp_path, "ds,y\n86400,1\n", config).times.dtype.kind == "M"
    table = open_source(str(tmp_path / "a.csv"), config)
    sample = list(table.rows(table.columns))
    assert not counts_steps(table, find_roles(table, sample, config), sample, config)
