"""Parts follow each other in time; series that are too short are listed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.series.config import SeriesConfig
from elman.data.series.frequency import Frequency
from elman.data.series.series import Series, SeriesSet
from elman.data.series.split import split_series


def of_lengths(*lengths: int) -> SeriesSet:
    made = []
    for k, steps in enumerate(lengths):
        none = np.zeros((steps, 0))
        made.append(Series(f"s{k}", np.arange(steps), np.ones((steps, 1)), none, none))
    return SeriesSet(made, Frequency("step"))


@given(
    steps=st.integers(60, 1000),
    valid=st.sampled_from([0, 0.1, 0.25, 12, 20]),
    test=st.sampled_from([0, 0.1, 0.2, 12, 30]),
)
def test_parts_cover_a_series_in_order(steps: int, valid: float, test: float) -> None:
    config = SeriesConfig(valid_size=valid, test_size=test)
    (cut,) = split_series(of_lengths(steps), config, 6).cuts
    assert 0 < cut.train <= cut.valid <= cut.test == steps
    for size, part in ((valid, cut.valid - cut.train), (test, cut.test - cut.valid)):
        expected = 0 if not size else size if size >= 1 else max(6, round(size * steps))
        assert part == expected


def test_the_usual_parts_of_a_benchmark() -> None:
    config = SeriesConfig(valid_size=2880, test_size=2880)
    assert split_series(of_lengths(14400), config, 96, 336).cuts[0] == (8640, 11520, 14400)


def test_short_series_are_listed_with_what_they_need() -> None:
    config = SeriesConfig(valid_size=6, test_size=6)
    message = "2 of 3 series are too short (steps in brackets): 's1' (20), 's2' (5). Needed: 22"
    with pytest.raises(DataError, match=re.escape(message)):
        split_series(of_lengths(100, 20, 5), config, 4, 6)
    assert split_series(of_lengths(100, 22), config, 4, 6).cuts[1].train == 10


def test_short_series_can_be_left_out_and_are_told() -> None:
    config = SeriesConfig(valid_size=6, test_size=6, skip_short=True)
    found = split_series(of_lengths(5, 100, 20), config, 4, 6)
    assert [one.unique_id for one in found.set.series] == ["s1"] and len(found.cuts) == 1
    assert found.set.notes[-1].startswith("2 of 3 series left out, as they are too short: 's0'")
    with pytest.raises(DataError, match="2 of 2 series are too short"):
        split_series(of_lengths(5, 6), config, 4, 6)


def test_many_short_series_are_not_all_named() -> None:
    with pytest.raises(DataError, match=re.escape("'s9' (5), ...")):
        split_series(of_lengths(*[5] * 30), SeriesConfig(), 4, 6)


def test_a_part_must_hold_a_forecast() -> None:
    with pytest.raises(DataError, match="test_size = 5 steps is less than a forecast of 12"):
        split_series(of_lengths(100), SeriesConfig(test_size=5), 12)
