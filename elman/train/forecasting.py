r"""How good forecasts are: of single values, of quantiles, of samples. NumPy alone.

Values that were never observed are NaN and count nowhere. An error is scaled by what the seasonal
naive method makes within the history:

.. math:: s = \frac{1}{T - m} \sum_{t=m+1}^{T} |y_t - y_{t-m}|

Source:
    Makridakis, Spiliotis & Assimakopoulos 2020, the M4 competition,
    doi:10.1016/j.ijforecast.2019.04.014; Hyndman & Koehler 2006 (MASE),
    doi:10.1016/j.ijforecast.2006.03.001; Gneiting & Raftery 2007 (CRPS),
    doi:10.1198/016214506000001437.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from elman._errors import ShapeError

__all__ = [
    "coverage",
    "crps_of_quantiles",
    "crps_of_samples",
    "mae",
    "mase",
    "mse",
    "owa",
    "pinball",
    "rmse",
    "seasonal_scale",
    "smape",
    "symmetric_errors",
    "weighted_quantile_loss",
]

Floats = NDArray[np.float64]


def mae(y: ArrayLike, forecast: ArrayLike) -> float:
    """Return the mean absolute error.

    Example:
        >>> mae([1.0, 2.0, np.nan], [1.5, 2.5, 9.0])
        0.5
    """
    return float(np.nanmean(np.abs(errors(y, forecast))))


def mse(y: ArrayLike, forecast: ArrayLike) -> float:
    """Return the mean squared error."""
    return float(np.nanmean(errors(y, forecast) ** 2))


def rmse(y: ArrayLike, forecast: ArrayLike) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(mse(y, forecast)))


def smape(y: ArrayLike, forecast: ArrayLike) -> float:
    """Return the mean symmetric error, 0 to 2: the M4 competition writes it times 100."""
    return float(np.nanmean(symmetric_errors(y, forecast)))


def symmetric_errors(y: ArrayLike, forecast: ArrayLike) -> Floats:
    r"""Return the symmetric error of each value; of two zeros it is 0.

    .. math:: \frac{2 |y - \hat y|}{|y| + |\hat y|}
    """
    error = np.abs(errors(y, forecast))
    size = np.abs(np.asarray(y, np.float64)) + np.abs(np.asarray(forecast, np.float64))
    zero = np.where(np.isnan(error), np.nan, 0.0)
    return np.asarray(np.divide(2 * error, size, out=zero, where=size > 0))


def mase(y: ArrayLike, forecast: ArrayLike, scale: ArrayLike) -> float:
    """Return the mean absolute error in units of `seasonal_scale`; NaN if that is zero.

    Shape:
        - y, forecast: ``(..., C)``
        - scale: ``(C,)`` or a number
    """
    size = np.asarray(scale, np.float64)
    error = np.abs(errors(y, forecast))
    scaled = np.divide(error, size, out=np.full(error.shape, np.nan), where=size > 0)
    return float(np.nanmean(scaled)) if np.isfinite(scaled).any() else float("nan")


def seasonal_scale(history: ArrayLike, season: int) -> Floats:
    """Return the mean absolute change over a season within a history.

    A history that is no longer than a season is measured from step to step.

    Shape:
        - history: ``(T, C)``, T >= 2
        - returns: ``(C,)``

    Example:
        >>> seasonal_scale(np.array([[1.0], [2.0], [4.0]]), 1).tolist()
        [1.5]
    """
    values = np.asarray(history, np.float64)
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    lag = season if season < len(values) else 1
    return np.asarray(np.abs(values[lag:] - values[:-lag]).mean(0))


def owa(smape: float, mase: float, naive2_smape: float, naive2_mase: float) -> float:
    """Return the overall weighted average of the M4 competition: below 1 beats Naive2.

    Example:
        >>> owa(13.912, 1.193, 18.383, 2.395)  # seasonal naive on M4 Hourly
        0.6275
    """
    return 0.5 * (smape / naive2_smape + mase / naive2_mase)


def pinball(y: ArrayLike, quantiles: ArrayLike, probabilities: ArrayLike) -> Floats:
    r"""Return the quantile loss of each value and probability.

    .. math:: \max(q\,(y - \hat y_q),\ (q - 1)(y - \hat y_q))

    Shape:
        - y: ``(..., C)``
        - quantiles: ``(..., Q, C)``
        - probabilities: ``(Q,)``
        - returns: ``(..., Q, C)``

    Example:
        >>> pinball([10.0], [[8.0], [12.0]], [0.1, 0.9]).ravel().tolist()
        [0.2, 0.2]
    """
    told, asked = np.asarray(quantiles, np.float64), np.asarray(probabilities, np.float64)
    if told.shape[-2] != len(asked):
        raise ShapeError(f"{told.shape[-2]} quantiles, but {len(asked)} probabilities")
    error = np.asarray(y, np.float64)[..., None, :] - told
    weight = asked[:, None]
    return np.maximum(weight * error, (weight - 1) * error)


def weighted_quantile_loss(y: ArrayLike, quantiles: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the quantile loss, twice, over the sum of the values' sizes: a CRPS without unit."""
    loss = pinball(y, quantiles, probabilities).mean(-2)
    return float(2 * np.nansum(loss) / np.nansum(np.abs(np.asarray(y, np.float64))))


def crps_of_quantiles(y: ArrayLike, quantiles: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the continuous ranked probability score, as far as some quantiles tell it."""
    return float(2 * np.nanmean(pinball(y, quantiles, probabilities)))


def crps_of_samples(y: ArrayLike, samples: ArrayLike) -> float:
    r"""Return the continuous ranked probability score of the samples' own distribution.

    .. math:: E|X - y| - \tfrac{1}{2} E|X - X'|

    Shape:
        - y: ``(...)``
        - samples: ``(S, ...)``

    Example:
        >>> crps_of_samples(1.0, [0.0, 2.0])
        0.5
    """
    drawn, true = np.sort(np.asarray(samples, np.float64), axis=0), np.asarray(y, np.float64)
    count = len(drawn)
    # Sorted, the sum of all differences is a weighted sum of the samples.
    weights = (2 * np.arange(1, count + 1) - count - 1) / count**2
    spread = np.tensordot(weights, drawn, axes=1)
    return float(np.nanmean(np.abs(drawn - true).mean(0) - spread))


def coverage(y: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Return the part of the values that lies between two bounds, these included.

    Example:
        >>> coverage([1.0, 2.0, 3.0, np.nan], 1.5, 3.0)
        0.6667
    """
    values, least, most = (np.asarray(one, np.float64) for one in (y, low, high))
    inside = (values >= least) & (values <= most)
    return float(inside[~np.isnan(values)].mean())


def errors(y: ArrayLike, forecast: ArrayLike) -> Floats:
    """Return what is minus what was told."""
    true, told = np.asarray(y, np.float64), np.asarray(forecast, np.float64)
    if true.shape != told.shape:
        raise ShapeError(f"values {true.shape} and forecasts {told.shape} differ in shape")
    return true - told
