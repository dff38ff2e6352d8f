"""Methods without a network say what their definitions say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.tasks.forecast.baselines import (
    Drift,
    ExponentialSmoothing,
    LastValue,
    Naive2,
    SeasonalNaive,
    baselines,
    is_seasonal,
    seasonal_indices,
)
from tests.tasks.forecast.made import PROBABILITIES, plan, series, series_set, waves


def told(method: object, y: np.ndarray, horizon: int) -> list[float]:
    (found,) = method([series(y)], horizon)  # type: ignore[operator]
    return found.mean[:, 0].tolist()


def test_points() -> None:
    y = np.array([1.0, 2.0, 4.0, 3.0, 5.0])
    assert told(LastValue(1, PROBABILITIES), y, 3) == [5, 5, 5]
    assert told(SeasonalNaive(3, PROBABILITIES), y, 5) == [4, 3, 5, 4, 3]
    assert told(SeasonalNaive(9, PROBABILITIES), y, 2) == [5, 5]  # no season yet
    assert told(Drift(1, PROBABILITIES), y, 2) == [6, 7]
    assert told(Naive2(1, PROBABILITIES), y, 2) == [5, 5]


@pytest.mark.parametrize("season", [1, 7])
@pytest.mark.parametrize("steps", [1, 2, 3, 13, 40])
def test_histories_of_any_length_are_forecast(season: int, steps: int) -> None:
    rng = np.random.default_rng(steps)
    two = [series(rng.normal(size=(steps, 2)), "a"), series(rng.normal(size=(steps + 5, 2)), "b")]
    for name, method in baselines(season, PROBABILITIES).items():
        found = method(two, 9)
        assert [one.mean.shape for one in found] == [(9, 2)] * 2, name
        for one in found:
            assert one.quantiles.shape == (9, 3, 2) and np.isfinite(one.quantiles).all(), name
            assert (np.diff(one.quantiles, axis=1) >= -1e-12).all(), name


def test_targets_are_told_one_by_one() -> None:
    both = np.stack([waves(60, 12, 1), waves(60, 12, 2)], 1)
    for name in baselines(12, PROBABILITIES):
        (joint,) = baselines(12, PROBABILITIES)[name]([series(both)], 5)
        (alone,) = baselines(12, PROBABILITIES)[name]([series(both[:, 1])], 5)
        np.testing.assert_allclose(joint.mean[:, 1], alone.mean[:, 0], err_msg=name)
        np.testing.assert_allclose(joint.quantiles[..., 1], alone.quantiles[..., 0], err_msg=name)


def test_intervals_hold_what_they_say() -> None:
    rng = np.random.default_rng(0)
    walks = [series(np.cumsum(rng.normal(size=300)), f"s{k}") for k in range(150)]
    found = plan(series_set(*walks), 5, 5)
    for method in (LastValue, Drift, ExponentialSmoothing):
        scores, _ = found.run(method(1, PROBABILITIES))
        assert scores.coverage[80] == pytest.approx(0.8, abs=0.06), method.__name__


def test_a_season_is_seen_where_there_is_one() -> None:
    assert is_seasonal(waves(60, 12), 12)
    assert not is_seasonal(np.random.default_rng(1).normal(size=200), 12)
    assert not is_seasonal(waves(30, 12), 12)  # fewer than three seasons
    assert not is_seasonal(np.ones(60), 12) and not is_seasonal(waves(60, 12), 1)


@given(st.sampled_from([4, 5, 12]), st.booleans(), st.integers(0, 100))
def test_decomposition_recovers_a_season(season: int, multiply: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = rng.uniform(0.5, 1.5, season)
    index = index / index.mean() if multiply else index - index.mean()
    trend = 10.0 + (0 if multiply else 0.3 * np.arange(8 * season))
    repeated = np.tile(index, 8)
    y = trend * repeated if multiply else trend + repeated
    np.testing.assert_allclose(seasonal_indices(y, season, multiply), index, atol=1e-9)


def test_naive2_puts_the_season_back() -> None:
    index = np.array([0.5, 1.0, 1.5, 1.0])
    y = 10 * np.tile(index, 10)
    assert told(Naive2(4, PROBABILITIES), y, 4) == pytest.approx([5, 10, 15, 10])
    shifted = y - 12  # zero and below: the season is added
    assert told(Naive2(4, PROBABILITIES), shifted, 4) == pytest.approx([-7, -2, 3, -2])


def test_smoothing_keeps_its_parameters_and_never_those_of_a_later_time() -> None:
    y = waves(200, 12)
    method = ExponentialSmoothing(12, PROBABILITIES)
    method([series(y)], 3)
    late = method._fitted["a"]
    method([series(y[:100])], 3)  # an earlier time: fitted anew
    assert method._fitted["a"][0] == 100 and late[0] == 200
    fresh = ExponentialSmoothing(12, PROBABILITIES)
    both = fresh([series(y[:150]), series(y[:100]), series(y)], 3)
    assert fresh._fitted["a"][0] == 100
    (alone,) = ExponentialSmoothing(12, PROBABILITIES)([series(y[:100])], 3)
    np.testing.assert_allclose(both[1].mean, alone.mean)


def test_smoothing_follows_a_season() -> None:
    clean = waves(400, 12, noise=0.0)
    (found,) = ExponentialSmoothing(12, PROBABILITIES)([series(clean[:300])], 24)
    np.testing.assert_allclose(found.mean[:, 0], clean[300:324], atol=0.05)


def test_long_seasons_are_not_cut() -> None:
    y = np.arange(3 * 2400.0)
    assert told(SeasonalNaive(2400, PROBABILITIES), y, 2) == [4800, 4801]
    assert Naive2(2400, PROBABILITIES).memory == 3 * 2400  # as many as its test needs


def test_long_histories_are_cut_to_what_matters() -> None:
    y = np.random.default_rng(0).normal(size=3000)
    for method in baselines(24, PROBABILITIES).values():
        (whole,) = method([series(y)], 3)
        (end,) = baselines(24, PROBABILITIES)["last value"]([series(y[-2000:])], 3)
        assert whole.mean.shape == end.mean.shape
    assert told(Drift(1, PROBABILITIES), y, 1) == told(Drift(1, PROBABILITIES), y[-2000:], 1)
