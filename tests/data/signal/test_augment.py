from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.signal.augment import altered_values, altered_way, paced, turned
from elman.data.signal.config import SignalFeatures


@given(st.integers(0, 10**6), st.integers(0, 2))
def test_turning_keeps_distances_and_what_is_up(seed: int, up: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(4, 6))
    found = turned(values, rng.uniform(-3, 3), up)
    before, after = values.reshape(4, 2, 3), found.reshape(4, 2, 3)
    np.testing.assert_allclose(
        np.linalg.norm(before[:, 0] - before[:, 1], axis=1),
        np.linalg.norm(after[:, 0] - after[:, 1], axis=1),
    )
    np.testing.assert_array_equal(before[..., up], after[..., up])


@given(st.integers(2, 60), st.floats(0.4, 2.5))
def test_an_even_pace_reads_off_evenly(steps: int, pace: float) -> None:
    found, _ = paced(np.arange(float(steps))[:, None], None, np.full(4, pace))
    assert found[0, 0] == 0 and found.max() <= steps - 1
    np.testing.assert_allclose(np.diff(found[:-1, 0]), pace, rtol=1e-6)
    assert len(found) == max(2, int((steps - 1) / pace + 1e-9) + 1)


def test_pace_1_changes_nothing_not_even_missing_values() -> None:
    values = np.array([[1.0], [np.nan], [3.0], [4.0]])
    times = np.array([0.0, 0.5, 2.0, 2.25])
    found, clock = paced(values, times, np.ones(4))
    np.testing.assert_array_equal(found, values)
    assert clock is not None
    np.testing.assert_allclose(clock, times)


def test_time_stays_in_order_and_begins_where_it_did() -> None:
    rng = np.random.default_rng(0)
    times = 100 + np.cumsum(rng.exponential(1.0, 30))
    for seed in range(20):
        pace = np.exp(0.5 * np.random.default_rng(seed).standard_normal(4))
        found, clock = paced(rng.normal(size=(30, 2)), times, pace)
        assert clock is not None and len(found) == len(clock)
        assert clock[0] == times[0] and (np.diff(clock) >= 0).all()


def test_noise_and_stretch_are_as_strong_as_said() -> None:
    rng = np.random.default_rng(0)
    noisy = altered_values(np.zeros((20_000, 1)), SignalFeatures(augment_noise=0.5), rng)
    assert noisy.std() == pytest.approx(0.5, rel=0.05)
    sizes = [
        altered_values(np.ones((1, 2)), SignalFeatures(augment_scale=0.2), rng)[0]
        for _ in range(3000)
    ]
    assert all(a == b for a, b in sizes)
    assert np.std(np.log([a for a, _ in sizes])) == pytest.approx(0.2, rel=0.1)


def test_the_same_draws_alter_alike() -> None:
    features = SignalFeatures(coordinates=3, augment_rotate=40, augment_time=0.3)
    values = np.random.default_rng(1).normal(size=(9, 6))
    first, _ = altered_way(values, None, features, np.random.default_rng(5))
    again, _ = altered_way(values, None, features, np.random.default_rng(5))
    other, _ = altered_way(values, None, features, np.random.default_rng(6))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.allclose(first, other)
