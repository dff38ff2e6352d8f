"""Sums of a backtest, series by series and step by step ahead, and the figures made of them.

Only sums are kept, so that memory does not grow with the number of forecasts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.data.series.series import Floats
from elman.train.forecasting import pinball, symmetric_errors

__all__ = ["Scores"]


class Scores:
    """Scores of one method.

    Args:
        series: How many series there are, N.
        horizon: Steps of each forecast, H.
        probabilities: Of the quantiles, Q of them, rising.
        targets: How many targets each series has, C.
    """

    def __init__(
        self, series: int, horizon: int, probabilities: Sequence[float], targets: int = 1
    ) -> None:
        self.probabilities = np.asarray(probabilities, np.float64)
        shape = (series, horizon)
        self.forecasts = 0
        self.count = np.zeros(shape)
        """Values that were observed, ``(N, H)``; all that follow are sums over them."""
        self.absolute, self.squared = np.zeros(shape), np.zeros(shape)
        self.symmetric, self.size = np.zeros(shape), np.zeros(shape)
        self.scaled, self.scaled_count = np.zeros(shape), np.zeros(shape)
        self.z_absolute, self.z_squared = np.zeros(shape), np.zeros(shape)
        self.z_count = np.zeros(shape)
        self.target_absolute, self.target_squared = np.zeros(targets), np.zeros(targets)
        self.target_count = np.zeros(targets)
        self.pinball = np.zeros((*shape, len(self.probabilities)))
        self.inside = np.zeros((*shape, len(self.probabilities) // 2))

    def add(
        self, index: int, y: Floats, mean: Floats, quantiles: Floats, scale: Floats, unit: Floats
    ) -> None:
        """Count one forecast.

        Args:
            index: The series.
            y: What came, ``(H, C)``; NaN where nothing was observed.
            mean: What was told, ``(H, C)``.
            quantiles: And its quantiles, ``(H, Q, C)``.
            scale: The mean change over a season before the forecast, ``(C,)``.
            unit: The standard deviation of the training part, ``(C,)``.
        """
        self.forecasts += 1
        seen = ~np.isnan(y)
        error = np.abs(y - mean)
        add_to(self.count[index], seen)
        add_to(self.absolute[index], error)
        add_to(self.squared[index], error**2)
        add_to(self.size[index], np.abs(y))
        add_to(self.symmetric[index], symmetric_errors(y, mean))
        for sums, counts, divisor in (
            (self.scaled, self.scaled_count, scale),
            (self.z_absolute, self.z_count, unit),
        ):
            usable = np.isfinite(divisor) & (divisor > 0)
            add_to(sums[index], error[:, usable] / divisor[usable])
            add_to(counts[index], seen[:, usable])
        usable = unit > 0
        standard = error[:, usable] / unit[usable]
        add_to(self.z_squared[index], standard**2)
        self.target_absolute[usable] += np.nansum(standard, axis=0)
        self.target_squared[usable] += np.nansum(standard**2, axis=0)
        self.target_count[usable] += seen[:, usable].sum(0)
        self.pinball[index] += np.nansum(pinball(y, quantiles, self.probabilities), axis=-1)
        for k in range(self.inside.shape[-1]):
            between = (y >= quantiles[:, k]) & (y <= quantiles[:, -1 - k])
            add_to(self.inside[index, :, k], between)

    @property
    def mase(self) -> float:
        """Mean over the series of the mean error in units of their own seasonal changes."""
        return each(self.scaled, self.scaled_count)

    @property
    def smape(self) -> float:
        """Mean over the series of the mean symmetric error, 0 to 2."""
        return each(self.symmetric, self.count)

    @property
    def mae(self) -> float:
        """Mean absolute error of all values."""
        return ratio(self.absolute, self.count)

    @property
    def rmse(self) -> float:
        """Root of the mean squared error of all values."""
        return math.sqrt(ratio(self.squared, self.count))

    @property
    def z_mae(self) -> float:
        """Mean absolute error in standard deviations of the training part."""
        return ratio(self.z_absolute, self.z_count)

    @property
    def z_mse(self) -> float:
        """Mean squared error in standard deviations of the training part."""
        return ratio(self.z_squared, self.z_count)

    @property
    def crps(self) -> float:
        """Weighted quantile loss: the CRPS as a part of the values' sizes."""
        return 2 * ratio(self.pinball.mean(-1), self.size)

    @property
    def coverage(self) -> dict[int, float]:
        """Part of the values inside each central interval, by its percent."""
        return {
            level: ratio(self.inside[..., k], self.count)
            for k, level in enumerate(levels(self.probabilities.tolist()))
            if level
        }

    def of_targets(self) -> tuple[Floats, Floats]:
        """Return mean absolute and squared error of each target, standardised, ``(C,)``."""
        count = self.target_count
        return divided(self.target_absolute, count), divided(self.target_squared, count)

    def mase_of_series(self) -> Floats:
        """Return the MASE of each series, ``(N,)``."""
        return divided(self.scaled.sum(1), self.scaled_count.sum(1))

    def mase_by_step(self) -> Floats:
        """Return the MASE of each step ahead, ``(H,)``."""
        return mean_of_known(divided(self.scaled, self.scaled_count))

    def mae_by_step(self) -> Floats:
        """Return the mean absolute error of each step ahead, ``(H,)``."""
        return divided(self.absolute.sum(0), self.count.sum(0))

    def crps_by_step(self) -> Floats:
        """Return the weighted quantile loss of each step ahead, ``(H,)``."""
        return np.asarray(2 * divided(self.pinball.mean(-1).sum(0), self.size.sum(0)))


def levels(probabilities: Sequence[float]) -> list[int]:
    """Return the percent between the k-th quantile and the k-th from the end; 0 if not central.

    Example:
        >>> levels([0.1, 0.25, 0.5, 0.75, 0.9])
        [80, 50]
    """
    pairs = zip(probabilities, reversed(probabilities), strict=True)
    found = [round(100 * (high - low)) if abs(low + high - 1) < 1e-6 else 0 for low, high in pairs]
    return found[: len(probabilities) // 2]


def add_to(sums: Floats, values: NDArray[np.float64] | NDArray[np.bool_]) -> None:
    """Add values ``(H, C)`` to sums ``(H,)``, those that are not known aside."""
    sums += np.nansum(values, axis=1)


def divided(sums: Floats, counts: Floats) -> Floats:
    """Return means; NaN of nothing."""
    nothing = np.full(sums.shape, np.nan)
    return np.asarray(np.divide(sums, counts, out=nothing, where=counts > 0), np.float64)


def ratio(sums: Floats, counts: Floats) -> float:
    """Return the mean of everything."""
    return float(divided(np.asarray(sums.sum()), np.asarray(counts.sum())))


def each(sums: Floats, counts: Floats) -> float:
    """Return the mean of the series' means."""
    means = divided(sums.sum(1), counts.sum(1))
    return float(np.nanmean(means)) if np.isfinite(means).any() else float("nan")


def mean_of_known(values: Floats) -> Floats:
    """Return the mean over the first axis of what is not NaN; NaN where all is."""
    known = ~np.isnan(values)
    return divided(np.nansum(values, axis=0), known.sum(0).astype(np.float64))
