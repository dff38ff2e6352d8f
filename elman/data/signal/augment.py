"""Recordings altered at random in training, in ways that leave their label true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.data.signal.config import SignalFeatures
from elman.data.signal.recording import Values, gaps_of

__all__ = ["altered_values", "altered_way", "paced", "turned"]

KNOTS = 4
"""Places at which the pace of a recording is drawn; between them it changes evenly."""
Times = NDArray[np.float64] | None


def altered_way(
    values: Values, times: Times, features: SignalFeatures, rng: np.random.Generator
) -> tuple[Values, Times]:
    """Return a recording as it would be from another side, and at another pace.

    Args:
        values: ``(T, C)``, as they were read.
        times: ``(T,)``.
        features: How much may change.
        rng: Draws.
    """
    if features.augment_rotate:
        limit = np.deg2rad(features.augment_rotate)
        values = turned(values, rng.uniform(-limit, limit), "xyz".index(features.up))
    if features.augment_time and len(values) > 1:
        pace = np.exp(features.augment_time * rng.standard_normal(KNOTS))
        values, times = paced(values, times, pace)
    return values, times


def altered_values(
    scaled: NDArray[np.float64], features: SignalFeatures, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return scaled values ``(T, C)``, stretched as a whole and with noise."""
    if features.augment_scale:
        scaled = scaled * np.exp(features.augment_scale * rng.standard_normal())
    if features.augment_noise:
        scaled = scaled + features.augment_noise * rng.standard_normal(scaled.shape)
    return scaled


def turned(values: Values, angle: float, up: int) -> NDArray[np.float64]:
    """Return points in space turned around an axis.

    Args:
        values: ``(T, C)``, three channels a point.
        angle: In radians.
        up: Which coordinate is the axis: 0, 1 or 2.

    Example:
        >>> turned(np.array([[1.0, 5.0, 0.0]]), np.pi / 2, up=1).round(6)
        array([[ 0.,  5., -1.]])
    """
    points = values.reshape(len(values), -1, 3).astype(np.float64)
    a, b = (up + 1) % 3, (up + 2) % 3
    found = points.copy()
    found[..., a] = np.cos(angle) * points[..., a] - np.sin(angle) * points[..., b]
    found[..., b] = np.sin(angle) * points[..., a] + np.cos(angle) * points[..., b]
    return found.reshape(values.shape)


def paced(values: Values, times: Times, pace: NDArray[np.float64]) -> tuple[Values, Times]:
    """Return a recording run through at another pace, read off between its steps.

    Args:
        values: ``(T, C)``, T at least 2.
        times: ``(T,)``; the steps of the result are as far apart as those where they come from.
        pace: Steps of the original for each of the result, at even distances over it.

    Source:
        Um et al. 2017, doi:10.1145/3136755.3136817 (time warping).

    Example:
        >>> values, _ = paced(np.arange(9.0)[:, None], None, np.array([2.0, 2.0]))
        >>> values[:, 0]
        array([0., 2., 4., 6., 8.])
    """
    last = len(values) - 1
    # The pace is given over the original: steps of the result between two steps are 1 / pace.
    at = np.interp(np.linspace(0, 1, last), np.linspace(0, 1, len(pace)), pace)
    clock = np.concatenate([[0.0], np.cumsum(1.0 / at)])
    count = max(2, int(clock[-1] + 1e-9) + 1)
    place = np.interp(
        np.linspace(0.0, min(clock[-1], count - 1), count), clock, np.arange(last + 1)
    )
    low = np.minimum(place.astype(np.int64), last)
    high = np.minimum(low + 1, last)
    weight = (place - low)[:, None]
    # Exactly on a step, its neighbour's missing value does not matter.
    found = np.where(weight == 0, values[low], values[low] * (1 - weight) + values[high] * weight)
    if times is None:
        return found, None
    gaps = gaps_of(times, len(values)).astype(np.float64)
    steps = gaps[np.maximum(1, np.ceil(place).astype(np.int64))]
    steps[0] = 0.0
    return found, times[0] + np.cumsum(steps)
