"""Metrics of forecasts equal those of the field's own library, and their definitions."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import ShapeError
from elman.train import forecasting as f

PROBABILITIES = np.array([0.1, 0.25, 0.5, 0.75, 0.9])


def example(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A history, what came next, a forecast and its quantiles."""
    rng = np.random.default_rng(seed)
    history, y = 10 + rng.normal(size=(60, 1)), 10 + rng.normal(size=(12, 1))
    forecast = y + rng.normal(size=y.shape)
    spread = np.linspace(-1, 1, len(PROBABILITIES))[:, None] * rng.uniform(0.5, 2, (12, 1, 1))
    return history, y, forecast, forecast[:, None, :] + spread


@pytest.fixture
def frames() -> tuple[Any, Any]:
    """The same example as tables of utilsforecast."""
    pytest.importorskip("utilsforecast")
    pd = pytest.importorskip("pandas")
    history, y, forecast, quantiles = example()
    train = pd.DataFrame({"unique_id": "a", "ds": range(60), "y": history[:, 0]})
    table = pd.DataFrame({"unique_id": "a", "ds": range(60, 72), "y": y[:, 0], "m": forecast[:, 0]})
    for k, p in enumerate(PROBABILITIES):
        table[f"m-q{p}"] = quantiles[:, k, 0]
    table["m-lo-80"], table["m-hi-80"] = quantiles[:, 0, 0], quantiles[:, -1, 0]
    return train, table


def test_points_score_as_in_utilsforecast(frames: tuple[Any, Any]) -> None:
    losses = pytest.importorskip("utilsforecast.losses")
    train, table = frames
    history, y, forecast, _ = example()
    score = lambda loss, **more: float(loss(table, models=["m"], **more)["m"].iloc[0])
    assert f.mae(y, forecast) == pytest.approx(score(losses.mae))
    assert f.mse(y, forecast) == pytest.approx(score(losses.mse))
    assert f.rmse(y, forecast) == pytest.approx(score(losses.rmse))
    assert f.smape(y, forecast) == pytest.approx(2 * score(losses.smape))  # theirs: 0 to 1
    for season in (1, 12):
        theirs = score(losses.mase, seasonality=season, train_df=train)
        assert f.mase(y, forecast, f.seasonal_scale(history, season)) == pytest.approx(theirs)


def test_quantiles_score_as_in_utilsforecast(frames: tuple[Any, Any]) -> None:
    losses = pytest.importorskip("utilsforecast.losses")
    _, table = frames
    _, y, _, quantiles = example()
    names = {"m": [f"m-q{p}" for p in PROBABILITIES]}
    mean = losses.mqloss(table, models=names, quantiles=PROBABILITIES)["m"].iloc[0]
    assert f.crps_of_quantiles(y, quantiles, PROBABILITIES) == pytest.approx(2 * mean)
    scaled = losses.scaled_crps(table, models=names, quantiles=PROBABILITIES)["m"].iloc[0]
    assert f.weighted_quantile_loss(y, quantiles, PROBABILITIES) == pytest.approx(scaled)
    one = losses.quantile_loss(table, models={"m": "m-q0.9"}, q=0.9)["m"].iloc[0]
    assert f.pinball(y, quantiles, PROBABILITIES)[:, -1].mean() == pytest.approx(one)
    inside = losses.coverage(table, models=["m"], level=80)["m"].iloc[0]
    assert f.coverage(y, quantiles[:, 0], quantiles[:, -1]) == pytest.approx(inside)


def test_what_was_never_observed_counts_nowhere() -> None:
    history, y, forecast, quantiles = example()
    holes, ahead = y.copy(), np.arange(len(y)) % 3 == 1
    holes[ahead] = np.nan
    scale, rest = f.seasonal_scale(history, 1), ~ahead
    for score in (f.mae, f.mse, f.rmse, f.smape, partial(f.mase, scale=scale)):
        assert score(holes, forecast) == pytest.approx(score(y[rest], forecast[rest]))
    for score in (f.weighted_quantile_loss, f.crps_of_quantiles):
        told = score(holes, quantiles, PROBABILITIES)
        assert told == pytest.approx(score(y[rest], quantiles[rest], PROBABILITIES))
    low, high = quantiles[:, 0], quantiles[:, -1]
    assert f.coverage(holes, low, high) == f.coverage(y[rest], low[rest], high[rest])


def test_owa_of_naive2_is_one_and_the_published_row_comes_out() -> None:
    assert f.owa(18.383, 2.395, 18.383, 2.395) == 1.0
    assert f.owa(13.912, 1.193, 18.383, 2.395) == pytest.approx(0.628, abs=1e-3)


def test_a_constant_history_has_no_scale() -> None:
    scale = f.seasonal_scale(np.ones((10, 1)), 2)
    assert scale.tolist() == [0.0]
    assert np.isnan(f.mase([[2.0]], [[1.0]], scale))
    assert np.isnan(f.seasonal_scale(np.ones((1, 1)), 1)).all()
    assert f.seasonal_scale(np.array([[1.0], [3.0]]), 24).tolist() == [2.0]  # no season yet


def test_two_zeros_have_no_symmetric_error() -> None:
    assert f.symmetric_errors([0.0, 0.0, 1.0], [0.0, 1.0, 1.0]).tolist() == [0.0, 2.0, 0.0]


def test_crps_of_samples_is_its_definition() -> None:
    rng = np.random.default_rng(1)
    samples, y = rng.normal(size=(40, 7)), rng.normal(size=7)
    pairs = np.abs(samples[:, None] - samples[None]).mean((0, 1))
    expected = (np.abs(samples - y).mean(0) - 0.5 * pairs).mean()
    assert f.crps_of_samples(y, samples) == pytest.approx(expected, abs=1e-12)


def test_crps_of_many_quantiles_is_that_of_the_normal_distribution() -> None:
    from statistics import NormalDist

    normal, y = NormalDist(), 0.7
    exact = y * (2 * normal.cdf(y) - 1) + 2 * normal.pdf(y) - 1 / np.sqrt(np.pi)
    probabilities = (np.arange(2000) + 0.5) / 2000
    quantiles = np.array([normal.inv_cdf(p) for p in probabilities])[None, :, None]
    told = f.crps_of_quantiles([[y]], quantiles, probabilities)
    assert told == pytest.approx(exact, abs=1e-3)
    assert f.crps_of_samples([[y]], quantiles[0][:, None]) == pytest.approx(exact, abs=1e-3)


@given(st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
def test_the_true_quantile_has_the_least_loss(p: float, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=(200, 1))
    best = float(np.quantile(y, p, method="inverted_cdf"))
    loss = lambda told: f.pinball(y, np.full((200, 1, 1), told), [p]).mean()
    assert loss(best) <= min(loss(best - 0.1), loss(best + 0.1)) + 1e-12


def test_shapes_must_fit() -> None:
    with pytest.raises(ShapeError, match=r"values \(2,\) and forecasts \(3,\)"):
        f.mae([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match="2 quantiles, but 3 probabilities"):
        f.pinball([1.0], [[1.0], [2.0]], [0.1, 0.5, 0.9])
