"""From files to regular series; what cannot be read is refused with all that helps to mend it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.series.config import SeriesConfig
from elman.data.series.frequency import Frequency
from elman.data.series.read import read_series
from elman.data.series.series import SeriesSet


def read(tmp_path: Path, text: str, name: str = "a.csv", **config: Any) -> SeriesSet:
    (tmp_path / name).write_text(text)
    return read_series(str(tmp_path / name), SeriesConfig.model_validate(config))


def long_table(rows: list[tuple[Any, ...]], head: str = "unique_id,ds,y") -> str:
    return head + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


TWO = [
    (name, f"2024-01-{day:02}", day * sign)
    for name, sign in (("a", 1), ("b", -1))
    for day in (1, 2, 3)
]


def test_rows_in_any_order(tmp_path: Path) -> None:
    ordered = read(tmp_path, long_table(TWO))
    mixed = read(tmp_path, long_table([TWO[k] for k in (0, 3, 2, 5, 1, 4)]))
    assert [one.unique_id for one in mixed.series] == ["a", "b"]
    for one, other in zip(ordered.series, mixed.series, strict=True):
        assert one.y.tolist() == other.y.tolist() and one.ds.tolist() == other.ds.tolist()
    assert ordered.fingerprint == mixed.fingerprint
    assert "rows were sorted by time" in mixed.notes and not ordered.notes


def test_the_same_series_from_every_kind_of_file(tmp_path: Path) -> None:
    csv = read(tmp_path, long_table(TWO))
    tsv = read(tmp_path, long_table(TWO).replace(",", "\t"), "a.tsv")
    lines = [{"unique_id": i, "ds": d, "y": y} for i, d, y in TWO]
    jsonl = read(tmp_path, "".join(json.dumps(one) + "\n" for one in lines), "a.jsonl")
    found = {csv.fingerprint, tsv.fingerprint, jsonl.fingerprint}
    arrow = pytest.importorskip("pyarrow")
    store = pytest.importorskip("pyarrow.parquet")
    columns = {
        "unique_id": [row[0] for row in TWO],
        "ds": arrow.array(np.array([row[1] for row in TWO], "datetime64[ns]")),
        "y": arrow.array([float(row[2]) for row in TWO]),
    }
    store.write_table(arrow.table(columns), tmp_path / "a.parquet")
    found.add(read_series(str(tmp_path / "a.parquet"), SeriesConfig()).fingerprint)
    assert len(found) == 1


def test_several_targets_and_covariates(tmp_path: Path) -> None:
    rows = [(f"2024-01-{d:02}", d, -d, d % 2, d / 2, "north", 7) for d in range(1, 6)]
    rows.append(("2024-01-06", "", "", 1, "", "north", 7))
    text = long_table(rows, "day,u,v,open,wind,region,size")
    config = {"targets": ["u,v"], "known": ["open"], "past": ["wind"]}
    found = read(tmp_path, text, **config, static=["region", "size"])
    (one,) = found.series
    assert one.unique_id == "series" and found.target_names == ("u", "v")
    assert one.y.tolist() == [[d, -d] for d in range(1, 6)] and len(one.known) == 6
    assert one.known[:, 0].tolist() == [1, 0, 1, 0, 1, 1] and one.past.shape == (5, 1)
    assert one.static == {"region": "north", "size": 7.0}
    assert found.static_names == ("region", "size")


def test_the_first_steps_alone(tmp_path: Path) -> None:
    found = read(tmp_path, "y\n" + "".join(f"{k}\n" for k in range(50)), steps=30)
    assert len(found.series[0]) == 30
    assert found.notes == ("there is no column of times: rows are counted",)


def test_a_frequency_that_is_given(tmp_path: Path) -> None:
    sparse = "ds,y\n" + "".join(f"2024-01-01 {2 * k:02}:00,{k}\n" for k in range(5))
    assert read(tmp_path, sparse).frequency == Frequency("h", 2)
    hourly = read(tmp_path, sparse, frequency="h")
    assert hourly.steps == 9 and hourly.series[0].mask.sum() == 5
    assert read(tmp_path, sparse, season=84).frequency.season == 84
    steps = "ds,y\n" + "".join(f"{k},{k}\n" for k in range(1, 9))
    assert read(tmp_path, steps, frequency="h").frequency == Frequency("step", own_season=24)
    with pytest.raises(DataError, match="counts steps, but the times are dates such as 2024-01"):
        read(tmp_path, sparse, frequency="1")
    ends = "ds,y\n2024-01-31,1\n2024-02-29,2\n2024-03-31,3\n"
    assert read(tmp_path, ends, frequency="ME").frequency == Frequency("M", day=31)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "unique_id,ds,y\na,1,1\nb,1,1\na,2,2\na,1,3\nb,2,1\n",
            "series 'a' has the time 1 twice, in lines 2 and 5. Sum or average them first",
        ),
        (
            "ds,shop,y\n2024-01-01,x,1\n2024-01-01,z,2\n2024-01-02,x,1\n2024-01-02,z,2\n",
            "series 'y' has the time 2024-01-01 twice, in lines 2 and 3 (2 such "
            "rows in all). Sum or average them first, or say which column names the series, if "
            "there are several: --series.id-column shop",
        ),
        ("ds,y\n", "has columns (ds, y) but no rows"),
        ("", "empty"),
        ("unique_id,ds,y\na,1,1\nb,1,\na,2,2\n", "series 'b' has no target in any of its rows"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        read(tmp_path, text)


def test_clocks_of_computers_are_seen(tmp_path: Path) -> None:
    text = "time,y\n" + "".join(f"{1_700_000_000 + 3600 * k},{k}\n" for k in range(9))
    assert read(tmp_path, text).notes[0].startswith("times look like seconds since 1970")
    dated = read(tmp_path, text, date_format="unix")
    assert dated.frequency == Frequency("h") and not dated.notes


def test_a_frequency_cannot_be_told_from_one_step(tmp_path: Path) -> None:
    text = "unique_id,ds,y\na,2024-01-01,1\nb,2024-01-02,2\n"
    with pytest.raises(DataError, match="cannot tell the frequency"):
        read(tmp_path, text)
    assert read(tmp_path, text, frequency="D").steps == 2


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 80), st.floats(-1e6, 1e6)),
        min_size=2,
        max_size=60,
        unique_by=lambda row: row[:2],
    )
)
def test_every_value_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, float]]
) -> None:
    found = read(
        tmp_path_factory.mktemp("t"), long_table(rows), frequency="1", id_column=["unique_id"]
    )
    values = {
        (one.unique_id, int(time)): float(y)
        for one in found.series
        for time, y, seen in zip(one.ds, one.y[:, 0], one.mask, strict=True)
        if seen
    }
    assert values == {(name, time): y for name, time, y in rows}
    assert all(np.isfinite(one.y).all() for one in found.series)
