"""What can be said of a recording without its order, or at a few of its steps: for baselines."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from elman.data.signal.config import SignalFeatures
from elman.data.signal.normalise import Scale
from elman.data.signal.points import Origin, from_centre
from elman.data.signal.recording import Recording, Recordings

__all__ = ["at_steps", "scaled", "summaries"]

STEPS = 16


def summaries(
    recordings: Recordings, scale: Scale, features: SignalFeatures
) -> NDArray[np.float64]:
    """Return numbers that do not depend on the order of steps, ``(N, F)``.

    Of each channel the mean, deviation, least and largest value, first and last, mean size of its
    changes and share of missing values; and the logarithm of the number of steps.

    Example:
        >>> some = Recordings(("x",), [Recording("a", np.array([[0.0], [2.0]]))])
        >>> scale = Scale(("x",), (0.0,), (1.0,), (1.0,), None, False)
        >>> summaries(some, scale, SignalFeatures())[0, :4]
        array([1., 1., 0., 2.])
    """
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # of a channel without any value: NaN, then 0
        for item in recordings:
            x = scaled(item, scale, features)
            change = np.abs(np.diff(x, axis=0)) if len(x) > 1 else np.zeros_like(x)
            parts = [np.nanmean(x, 0), np.nanstd(x, 0), np.nanmin(x, 0), np.nanmax(x, 0)]
            parts += [x[0], x[-1], np.nanmean(change, 0), np.isnan(x).mean(0)]
            found.append(np.concatenate([*parts, [np.log(len(x))]]))
    width = 8 * len(scale.channels) + 1
    return np.nan_to_num(np.array(found, np.float64).reshape(len(recordings), width))


def at_steps(
    recordings: Recordings, scale: Scale, features: SignalFeatures, steps: int = STEPS
) -> NDArray[np.float64]:
    """Return each recording read off at so many even places, one after the other, ``(N, F)``.

    Example:
        >>> some = Recordings(("x",), [Recording("a", np.array([[0.0], [2.0]]))])
        >>> scale = Scale(("x",), (0.0,), (1.0,), (1.0,), None, False)
        >>> at_steps(some, scale, SignalFeatures(), 3)
        array([[0., 1., 2.]])
    """
    found = []
    for item in recordings:
        x = np.nan_to_num(scaled(item, scale, features))
        place = np.linspace(0, len(x) - 1, steps)
        grid = np.arange(len(x))
        found.append(np.stack([np.interp(place, grid, x[:, c]) for c in range(x.shape[1])], 1))
    return np.array(found, np.float64).reshape(len(recordings), steps * len(scale.channels))


def scaled(item: Recording, scale: Scale, features: SignalFeatures) -> NDArray[np.float64]:
    """Return the values that the network sees before anything is filled or altered."""
    return scale.apply(from_centre(item.values.astype(np.float64), features, Origin()))
