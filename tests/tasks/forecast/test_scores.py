"""Sums over folds give the metrics of all forecasts together."""

from __future__ import annotations

import numpy as np
import pytest

from elman.tasks.forecast.scores import Scores, levels
from elman.train import forecasting as f

PROBABILITIES = [0.1, 0.25, 0.5, 0.75, 0.9]


@pytest.fixture
def made() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(6, 4, 2))  # three forecasts of each of two series
    y[1, 2] = np.nan
    mean = rng.normal(size=y.shape)
    spread = np.linspace(-1, 1, 5)[:, None] * rng.uniform(0.5, 1.5, (6, 4, 1, 1))
    scale, unit = rng.uniform(0.5, 2, (6, 2)), rng.uniform(0.5, 2, (6, 2))
    return {
        "y": y,
        "mean": mean,
        "quantiles": mean[:, :, None] + spread,
        "scale": scale,
        "unit": unit,
    }


@pytest.fixture
def scores(made: dict[str, np.ndarray]) -> Scores:
    found = Scores(2, 4, PROBABILITIES, 2)
    for k in range(6):
        found.add(k // 3, *(made[name][k] for name in ("y", "mean", "quantiles", "scale", "unit")))
    return found


def test_all_values_count_alike(scores: Scores, made: dict[str, np.ndarray]) -> None:
    y, mean, quantiles = made["y"], made["mean"], made["quantiles"]
    assert scores.forecasts == 6 and scores.count.sum() == y.size - 2
    assert scores.mae == pytest.approx(f.mae(y, mean))
    assert scores.rmse == pytest.approx(f.rmse(y, mean))
    assert scores.crps == pytest.approx(f.weighted_quantile_loss(y, quantiles, PROBABILITIES))
    inside = f.coverage(y, quantiles[:, :, 1], quantiles[:, :, -2])
    assert scores.coverage[50] == pytest.approx(inside)
    unit = made["unit"][:, None]
    assert scores.z_mae == pytest.approx(f.mae(y / unit, mean / unit))
    assert scores.z_mse == pytest.approx(f.mse(y / unit, mean / unit))
    absolute, squared = scores.of_targets()
    for c in (0, 1):
        own = (y / unit)[..., c], (mean / unit)[..., c]
        assert absolute[c] == pytest.approx(f.mae(*own))
        assert squared[c] == pytest.approx(f.mse(*own))


def test_series_count_alike(scores: Scores, made: dict[str, np.ndarray]) -> None:
    y, mean, scale = made["y"], made["mean"], made["scale"][:, None]
    parts = (slice(0, 3), slice(3, 6))
    mase = [float(np.nanmean(np.abs(y[p] - mean[p]) / scale[p])) for p in parts]
    assert scores.mase == pytest.approx(np.mean(mase))
    assert scores.mase_of_series().tolist() == pytest.approx(mase)
    assert scores.smape == pytest.approx(np.mean([f.smape(y[p], mean[p]) for p in parts]))


def test_by_step(scores: Scores, made: dict[str, np.ndarray]) -> None:
    y, mean = made["y"], made["mean"]
    expected = [f.mae(y[:, h], mean[:, h]) for h in range(4)]
    assert scores.mae_by_step().tolist() == pytest.approx(expected)
    crps = [
        f.weighted_quantile_loss(y[:, h], made["quantiles"][:, h], PROBABILITIES) for h in range(4)
    ]
    assert scores.crps_by_step().tolist() == pytest.approx(crps)
    scaled = np.abs(y - mean) / made["scale"][:, None]
    each = [np.nanmean([np.nanmean(scaled[:3, h]), np.nanmean(scaled[3:, h])]) for h in range(4)]
    assert scores.mase_by_step().tolist() == pytest.approx(each)


def test_a_series_that_never_changed_has_no_mase(made: dict[str, np.ndarray]) -> None:
    found = Scores(2, 4, PROBABILITIES, 2)
    y, mean, quantiles = (made[name][0] for name in ("y", "mean", "quantiles"))
    still = np.array([0.0, np.nan])
    found.add(0, y, mean, quantiles, still, still)
    assert np.isnan(found.mase) and np.isnan(found.z_mse) and np.isnan(found.mase_by_step()).all()
    assert found.mae == pytest.approx(f.mae(y, mean))
    found.add(1, y, mean, quantiles, np.ones(2), np.ones(2))
    assert found.mase == pytest.approx(f.mae(y, mean))  # of the other series alone


def test_nothing_scored_is_no_number() -> None:
    found = Scores(1, 2, [0.5])
    assert np.isnan([found.mae, found.rmse, found.mase, found.smape, found.crps]).all()
    assert found.coverage == {}


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [([0.1, 0.9], [80]), ([0.025, 0.1, 0.5, 0.9, 0.975], [95, 80]), ([0.1, 0.8], [0]), ([0.5], [])],
)
def test_levels(probabilities: list[float], expected: list[int]) -> None:
    assert levels(probabilities) == expected
