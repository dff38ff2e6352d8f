from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.signal.recording import Recording, as_one, gaps_of
from tests.data.signal.made import recordings


def test_a_recording_has_one_label_or_is_refused_with_the_step() -> None:
    labels = np.array(["walk", "walk", "run"], object)
    item = Recording("a", np.zeros((3, 1)), labels=labels, place="a.csv, line 2")
    assert as_one(item.cut(0, 1)) == "walk"
    with pytest.raises(DataError, match="a.csv, line 2.*several labels: walk, run; step 3"):
        as_one(item)
    with pytest.raises(DataError, match="no label"):
        as_one(replace(item, labels=np.empty(0, object)))


def test_a_cut_takes_times_and_labels_along() -> None:
    labels = np.array(["a", "b", "c"], object)
    item = Recording("r", np.arange(3.0)[:, None], np.array([1.0, 2.0, 4.0]), labels)
    part = item.cut(1, 3)
    assert part.values[:, 0].tolist() == [1, 2] and part.labels.tolist() == ["b", "c"]
    assert part.times is not None and part.times.tolist() == [2, 4]


def test_gaps_begin_with_zero() -> None:
    assert gaps_of(None, 3).tolist() == [0, 1, 1]
    assert gaps_of(np.array([2.0, 2.5]), 2).tolist() == [0, 0.5]
    assert gaps_of(None, 0).tolist() == []


def test_the_fingerprint_sees_every_change() -> None:
    found = recordings(3, timed=True, groups=("p", "q"))
    seen = {found.fingerprint()}
    first = found.items[0]
    values, times = first.values.copy(), first.times
    values[0, 0] += 1e-9
    assert times is not None
    changed = [
        replace(first, values=values),
        replace(first, times=times + 1e-9),
        replace(first, labels=np.array(["other"], object)),
        replace(first, group="another"),
        first.cut(0, len(first) - 1),
    ]
    for item in changed:
        seen.add(replace(found, items=[item, *found.items[1:]]).fingerprint())
    assert len(seen) == 6
