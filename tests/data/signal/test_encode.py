from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._errors import ConfigError, DataError
from elman.data.signal.encode import Layout
from elman.data.signal.recording import Recording
from tests.data.signal import made

FEATURES: list[dict[str, Any]] = [
    {},
    {"deltas": True},
    {"missing": "last"},
    {"missing": "decay", "deltas": True},
    {"rows_per_step": 3, "deltas": True},
    {"coordinates": 2, "centre": 1, "rows_per_step": 2},
]


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.sampled_from(FEATURES),
    st.booleans(),
    st.sampled_from([0.0, 0.4]),
    st.lists(st.integers(0, 12), max_size=4),
)
def test_rows_that_arrive_are_those_of_the_whole(
    seed: int, features: dict[str, Any], timed: bool, missing: float, cuts: list[int]
) -> None:
    found = made.recordings(4, 4, seed=seed, timed=timed, missing=missing)
    encoder = made.encoder(found, **features)
    item = found.items[0]
    stream, parts = encoder.stream(), []
    borders = [0, *sorted(cut for cut in cuts if cut < len(item)), len(item)]
    for start, stop in itertools.pairwise(borders):
        piece = item.cut(start, stop)
        parts.append(stream.push(piece.values, piece.times))
    parts.append(stream.end())
    np.testing.assert_allclose(np.concatenate(parts), encoder.encode(item), atol=1e-6)


def test_what_stands_in_a_row() -> None:
    values = np.array([[1.0, 2.0], [np.nan, 4.0], [3.0, np.nan], [np.nan, np.nan]])
    times = np.array([0.0, 1.0, 3.0, 4.0])
    found = made.recordings(1)
    item = Recording("r", values, times)
    found = type(found)(("x", "y"), [item])
    encoder = made.encoder(found, missing="decay", deltas=True)
    rows, scale = encoder.encode(item), encoder.scale
    assert encoder.layout == Layout(2, masked=True, aged=True, timed=True, deltas=True)
    assert rows.shape == (4, encoder.layout.width) == (4, 9)
    scaled = scale.apply(values)
    last = [scaled[0], [scaled[0, 0], scaled[1, 1]], [scaled[2, 0], scaled[1, 1]]]
    last.append(last[2])
    np.testing.assert_allclose(rows[:, :2], last, rtol=1e-6)
    np.testing.assert_array_equal(rows[:, 2:4], np.isnan(values))
    np.testing.assert_allclose(rows[:, 4:6], [[0, 0], [1, 0], [0, 2], [1, 3]])
    np.testing.assert_allclose(rows[:, 6], np.log1p([0, 1, 2, 1]), rtol=1e-6)
    assert rows[1, 7] == 0 and rows[1, 8] != 0  # a change needs both ends


def test_zeros_stand_for_missing_values_unless_said_otherwise() -> None:
    found = made.recordings(3, 2, missing=0.4)
    rows = made.encoder(found).encode(found.items[0])
    gone = np.isnan(found.items[0].values)
    assert gone.any() and (rows[:, :2][gone] == 0).all() and (rows[:, 2:4][gone] == 1).all()


def test_a_value_missing_at_first_is_the_mean() -> None:
    found = made.recordings(3, 1)
    encoder = made.encoder(found, missing="last")
    rows = encoder.encode(Recording("r", np.array([[np.nan], [np.nan], [4.0]])))
    assert rows[0, 0] == rows[1, 0] == 0


def test_steps_are_filled_up_with_the_last_row() -> None:
    found = made.recordings(3, 1)
    encoder = made.encoder(found, rows_per_step=3)
    rows = encoder.encode(Recording("r", np.arange(4.0)[:, None]))
    assert rows.shape == (2, 3) and encoder.steps(4) == 2
    assert rows[1, 0] == rows[1, 1] == rows[1, 2]


def test_altering_is_for_training_alone() -> None:
    found = made.recordings(3, 2)
    encoder = made.encoder(found, augment_noise=0.5)
    item = found.items[0]
    np.testing.assert_array_equal(encoder.encode(item), encoder.encode(item))
    first = encoder.encode(item, np.random.default_rng(0))
    assert not np.allclose(first, encoder.encode(item))
    np.testing.assert_array_equal(first, encoder.encode(item, np.random.default_rng(0)))


def test_what_cannot_be_done_is_refused() -> None:
    found = made.recordings(3, 2, timed=True)
    with pytest.raises(ConfigError, match="needs the whole recording"):
        made.encoder(found, resize=True).stream()
    with pytest.raises(DataError, match="no times here"):
        made.encoder(found).encode(Recording("r", np.zeros((2, 2))))
