from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.signal.config import SignalLayout
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.windows import commonest, cut_by_time, windows


def long(steps: int, labels: list[str] | None = None) -> Recordings:
    told = np.array(labels or ["a"], object)
    return Recordings(("x",), [Recording("r", np.arange(float(steps))[:, None], labels=told)])


@given(st.integers(1, 60), st.integers(2, 12))
def test_windows_that_do_not_overlap_hold_every_row_but_a_short_rest(steps: int, size: int) -> None:
    cut = windows(long(steps), size, size, single=True)
    rows = np.concatenate([item.values[:, 0] for item in cut]).tolist()
    assert rows == list(range(len(rows)))
    assert steps - len(rows) < max(1, size / 2) or len(cut) == 1
    assert all(len(item) <= size for item in cut)


def test_windows_overlap_and_are_whole() -> None:
    cut = windows(long(10), 4, 2, single=True)
    assert [(item.name, len(item)) for item in cut] == [
        ("r[0:4]", 4),
        ("r[2:6]", 4),
        ("r[4:8]", 4),
        ("r[6:10]", 4),
    ]


def test_a_window_has_the_label_of_most_of_its_rows() -> None:
    labels = list("aaab" + "abbb" + "aabb" + "bbaa")
    cut = windows(long(16, labels), 4, 4, single=True)
    assert [item.labels.tolist() for item in cut] == [["a"], ["b"], ["a"], ["b"]]
    each = windows(long(16, labels), 4, 4, single=False)
    assert each.items[1].labels.tolist() == list("abbb")
    assert commonest(np.array(["b", "a"], object)).tolist() == ["b"]


def test_ends_are_held_out_in_time() -> None:
    train, valid, test = cut_by_time(long(20, list("a" * 10 + "b" * 10)), SignalLayout())
    assert [len(part.items[0]) for part in (train, valid, test)] == [16, 2, 2]
    assert train.items[0].values[-1, 0] < valid.items[0].values[0, 0] < test.items[0].values[0, 0]
    with pytest.raises(DataError, match="3 steps are too few"):
        cut_by_time(long(3), SignalLayout())
    only, none, _ = cut_by_time(long(3), SignalLayout(valid_fraction=0, test_fraction=0))
    assert len(only) == 1 and len(none) == 0
