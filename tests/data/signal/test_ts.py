from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.signal.config import SignalLayout
from elman.data.signal.recording import Recordings
from elman.data.signal.ts import read_ts
from tests.data.signal import made

GOOD = """# a comment
@problemName Walks
@timeStamps false
@missing true
@univariate false
@dimensions 2
@equalLength false
@classLabel true slow fast

@data
1.0,2.5,?:0.1,0.2,0.3:fast
4,5:NaN,7:slow
"""


def read(path: Path, text: str, *, labelled: bool = True) -> Recordings:
    path.write_text(text)
    return read_ts(path, SignalLayout(), labelled=labelled)


def test_a_file_of_the_archive(tmp_path: Path) -> None:
    found = read(tmp_path / "a.ts", GOOD)
    assert found.channels == ("1", "2") and [item.labels[0] for item in found] == ["fast", "slow"]
    np.testing.assert_array_equal(found.items[0].values, [[1, 0.1], [2.5, 0.2], [np.nan, 0.3]])
    np.testing.assert_array_equal(found.items[1].values, [[4, np.nan], [5, 7]])


def test_values_with_times_of_their_own(tmp_path: Path) -> None:
    text = GOOD.replace("@timeStamps false", "@timeStamps true").partition("@data")[0] + (
        "@data\n(0,1.0),(2,3.0):(1,5),(2,?):slow\n"
        "(2024-05-01 00:00:00,1),(2024-05-01 00:00:30,2):(2024-05-01 00:00:30,4):fast\n"
    )
    found = read(tmp_path / "a.ts", text)
    first, second = found.items
    assert first.times is not None and first.times.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(first.values, [[1, np.nan], [np.nan, 5], [3, np.nan]])
    assert second.times is not None and np.diff(second.times).tolist() == [30]


def test_numbers_to_learn(tmp_path: Path) -> None:
    text = "@problemName A\n@univariate true\n@targetlabel true\n@data\n1,2,3:4.5\n"
    found = read(tmp_path / "a.ts", text)
    assert found.items[0].labels.tolist() == ["4.5"] and len(found.items[0]) == 3


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([0.0, 0.3]))
def test_it_comes_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, timed: bool, missing: float
) -> None:
    found = made.recordings(4, 3, seed=seed, timed=timed, missing=missing)
    kept = Recordings(found.channels, [item for item in found if not np.isnan(item.values).all()])
    if len(kept):
        path = made.ts(tmp_path_factory.mktemp("ts") / "a.ts", kept)
        made.same(read_ts(path, SignalLayout(), labelled=True), kept)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("@data\n", "", "line 10: expected a line of the header|line 10"),
        ("@timeStamps false", "@timeStamp false", "line 3: unknown '@timeStamp'; did you mean"),
        ("@timeStamps false", "@timeStamps no", "line 3: @timeStamps must be true or false"),
        ("@dimensions 2", "@dimensions two", "line 6: @dimensions must be a whole number"),
        ("@dimensions 2", "@dimensions 3", "line 11: expected 3 dimensions and a label, found 2"),
        ("@missing true", "@missing true\n@missing true", "line 5: @missing is said a second time"),
        ("@classLabel true slow fast", "@classLabel true", "must list the classes"),
        ("@classLabel true slow fast", "@classLabel false", "no labels"),
        (":fast", ":quick", "line 11: label 'quick' is not one of"),
        (":fast", ":", "line 11: the label is missing"),
        ("0.2,0.3:", "0.2:", "line 11: dimension 2 has 2 values, dimension 1 has 3"),
        ("2.5", "two", "line 11, column 'dimension 1': expected a number"),
        ("@equalLength false", "@equalLength true\n@seriesLength 3", "line 13: 2 values"),
        ("1.0,2.5,?:0.1,0.2,0.3", "?:?", "line 11: this recording is empty"),
        ("1.0,2.5,?:0.1,0.2,0.3:fast\n4,5:NaN,7:slow\n", "", "no recordings below @data"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.ts", GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("(0,1),2:slow", "dimension 1: expected .time,value. pairs, got '2"),
        ("(1,1),(1,2):slow", "dimension 1: time does not rise at 1"),
        ("(0,x):slow", "dimension 1: expected a number at 0"),
    ],
)
def test_faults_of_times(tmp_path: Path, data: str, message: str) -> None:
    header = "@timeStamps true\n@univariate true\n@classLabel true slow fast\n@data\n"
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.ts", header + data + "\n")
