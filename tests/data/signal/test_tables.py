from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.signal.config import SignalLayout
from elman.data.signal.recording import Recordings
from elman.data.signal.tables import group_by, open_rows, read_long, read_wide
from tests.data.signal import made


def long(path: Path, *, labelled: bool = True, **keys: Any) -> Recordings:
    config = SignalLayout(**keys)
    return read_long(open_rows(path, config), config, labelled=labelled)


def wide(path: Path, **keys: Any) -> Recordings:
    config = SignalLayout(**keys)
    return read_wide(open_rows(path, config), config, labelled=True)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans(), st.booleans(), st.sampled_from([0.0, 0.4]))
def test_a_long_table_comes_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, timed: bool, grouped: bool, missing: float
) -> None:
    found = made.recordings(
        5, 3, seed=seed, timed=timed, missing=missing, groups=("p", "q") if grouped else None
    )
    path = made.long_csv(tmp_path_factory.mktemp("long") / "a.csv", found)
    read = long(path)
    assert read.channels == found.channels
    made.same(read, found, groups=grouped)


def test_rows_of_a_recording_need_not_stand_together(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,x,label\na,1,up\nb,5,down\na,2,up\nb,6,down\n")
    found = long(path)
    assert [item.values[:, 0].tolist() for item in found] == [[1, 2], [5, 6]]
    assert found.columns == {"layout": "long", "sequence": "id", "label": "label"}
    assert found.items[1].place == f"{path}, line 3"


def test_labels_of_steps_stay_one_for_each(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,label\n1,up\n2,up\n3,down\n")
    assert long(path).items[0].labels.tolist() == ["up", "up", "down"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,x,label\na,1\n", "line 2: expected 3 columns, found 2"),
        ("id,x,label\na,1,up\na,one,up\n", "line 3, column 'x': expected a number"),
        ("id,x,label\na,1,up\na,2,\n", "line 3, column 'label': the label is missing"),
        ("id,t,x,label\na,1,1,up\na,0.5,2,up\n", "line 3: time runs backwards in recording 'a'"),
        ("id,user,x,label\na,p,1,up\na,q,2,up\n", "line 3.*from 'q' here, and from 'p' above"),
        ("id,t,x,label\na,noon,1,up\n", "line 2, column 't'"),
        ("id,x,label\n", "no rows|no line|header"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        long(path)


def test_parquet_has_dates_numbers_and_nothing(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    import datetime

    moments = [datetime.datetime(2024, 5, 1, 0, 0, k) for k in range(3)]
    table = arrow.table(
        {"id": [1, 1, 2], "time": moments, "x": [1.5, None, 3.0], "label": ["a", "a", "b"]}
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    found = long(tmp_path / "a.parquet")
    np.testing.assert_array_equal(found.items[0].values[:, 0], [1.5, np.nan])
    assert found.items[0].times is not None
    assert np.diff(found.items[0].times).tolist() == [1.0]


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3]))
def test_a_wide_table_comes_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, missing: float
) -> None:
    found = made.recordings(5, 2, seed=seed, missing=missing)
    # A row ends with its last value: what is missing at the end was not there.
    items = []
    for item in found:
        there = np.flatnonzero(~np.isnan(item.values).all(1))
        items += [item.cut(0, int(there[-1]) + 1)] if len(there) else []
    kept = Recordings(found.channels, items)
    if items:
        path = made.wide_csv(tmp_path_factory.mktemp("wide") / "a.csv", kept)
        made.same(wide(path, wide_channels=2), kept)


def test_a_wide_table_without_names_has_its_label_first(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("up,1.5,2,3\ndown,4,5,\n")
    found = wide(path)
    assert [(item.values[:, 0].tolist(), item.labels[0]) for item in found] == [
        ([1.5, 2, 3], "up"),
        ([4, 5], "down"),
    ]


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        ("label,a,b\nup,,\n", {}, "line 2: this recording is empty"),
        ("label,a,b\n,1,2\n", {}, "line 2, column 'label': the label is missing"),
        ("label,a,b\nup,1,x\n", {}, "line 2, column 'b': expected a number"),
        ("label,a,b,c\nup,1,2,3\n", {"wide_channels": 2}, "3 columns of values are no whole"),
        ("what,a,b\nup,1,2\n", {}, "which column is the label"),
    ],
)
def test_wide_mistakes(tmp_path: Path, text: str, keys: dict[str, Any], message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        wide(path, **keys)


def test_a_pattern_finds_the_group_in_the_name(tmp_path: Path) -> None:
    find = group_by(SignalLayout(group_pattern="^(s[0-9]+)_"))
    assert find is not None and find("s12_walk") == "s12"
    with pytest.raises(DataError, match="finds nothing in the name 'walk'"):
        find("walk")
    path = tmp_path / "a.csv"
    path.write_text("id,x,label\ns1_a,1,up\ns2_b,2,down\n")
    assert [item.group for item in long(path, group_pattern="^(s[0-9]+)_")] == ["s1", "s2"]
