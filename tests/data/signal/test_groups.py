from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.signal.config import SignalLayout
from elman.data.signal.groups import split_groups, split_recordings
from tests.data.signal import made


@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=12, max_size=60),
    st.integers(0, 1000),
    st.sampled_from([0.1, 0.25]),
)
def test_no_group_is_in_two_parts(groups: list[str], seed: int, fraction: float) -> None:
    config = SignalLayout(valid_fraction=fraction, test_fraction=fraction, split_seed=seed)
    if len(set(groups)) < 3:
        with pytest.raises(DataError, match="leave none for the"):
            split_groups(groups, config)
        return
    rows = split_groups(groups, config)
    names = [{groups[k] for k in part} for part in rows]
    assert all(names) and sum(map(len, names)) == len(set(groups))
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(groups)))


def test_a_seed_gives_the_same_and_another_another() -> None:
    groups = [f"p{k}" for k in range(30)]
    parts = [
        split_groups(groups, SignalLayout(split_seed=seed)).test.tolist() for seed in (1, 1, 2)
    ]
    assert parts[0] == parts[1] != parts[2] and len(parts[0]) == 3


def test_fractions_are_met_as_near_as_groups_allow() -> None:
    groups = [f"p{k // 10}" for k in range(100)]
    rows = split_groups(groups, SignalLayout(valid_fraction=0.2, test_fraction=0.3))
    assert [len(part) for part in rows] == [50, 20, 30]


def test_named_groups_go_where_they_are_said_to() -> None:
    groups = list("1122334455")
    rows = split_groups(groups, SignalLayout(valid_groups=("5",), test_groups=("2", "4")))
    assert [[groups[k] for k in part] for part in rows] == [
        list("1133"),
        list("55"),
        list("2244"),
    ]
    drawn = split_groups(groups, SignalLayout(test_groups=("2",)))
    assert {groups[k] for k in drawn.test} == {"2"} and len(drawn.valid) == 2
    with pytest.raises(DataError, match="no group '9'. Groups: 1, 2, 3, 4, 5"):
        split_groups(groups, SignalLayout(test_groups=("9",)))
    with pytest.raises(DataError, match="none for the train part"):
        split_groups(groups, SignalLayout(valid_groups=("5",), test_groups=("1", "2", "3", "4")))


def test_without_groups_every_label_is_divided_alike() -> None:
    found = made.recordings(40)
    rows = split_recordings(found, SignalLayout())
    labels = [str(found.items[k].labels[0]) for k in rows.test]
    assert sorted(labels) == ["a", "a", "b", "b"]
    with pytest.raises(DataError, match="no column tells groups apart"):
        split_recordings(found, SignalLayout(test_groups=("p",)))


def test_recordings_with_groups_are_split_by_them() -> None:
    found = made.recordings(40, groups=("p", "q", "r", "s"))
    rows = split_recordings(found, SignalLayout())
    names = [{found.items[k].group for k in part} for part in rows]
    assert sum(map(len, names)) == 4
