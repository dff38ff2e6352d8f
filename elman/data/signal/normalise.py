"""The scale of each channel, learned from the training part alone and kept with the run as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.signal.config import SignalFeatures
from elman.data.signal.points import Origin, from_centre
from elman.data.signal.recording import Recordings, Values, gaps_of

__all__ = ["Scale", "is_scale", "learn_scale"]


@dataclass(frozen=True)
class Scale:
    """What the training part says of the channels.

    Args:
        channels: Their names, C.
        mean: Of each, C.
        deviation: Of each, C, above 0.
        change: Deviation of each one's change from step to step, in its deviations, above 0.
        gap: The middle one of the times between steps; None: steps are evenly spaced.
        masked: Whether values were missing.

    Example:
        >>> Scale(("x",), (1.0,), (2.0,), (1.0,), None, False).apply(np.array([[5.0]]))
        array([[2.]])
    """

    channels: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    change: tuple[float, ...]
    gap: float | None
    masked: bool

    def apply(self, values: Values) -> NDArray[np.float64]:
        """Return values ``(T, C)`` as deviations from the mean; what is missing stays so."""
        deviation = np.array(self.deviation, np.float64)
        return np.asarray((values.astype(np.float64) - np.array(self.mean)) / deviation)

    def to_json(self) -> str:
        """Return it as the file of a run directory."""
        return json.dumps(asdict(self))

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Scale:
        """Return what `to_json` wrote, once `is_scale` has looked at it."""
        return cls(
            tuple(content["channels"]),
            tuple(content["mean"]),
            tuple(content["deviation"]),
            tuple(content["change"]),
            content["gap"],
            content["masked"],
        )


def is_scale(content: Any) -> bool:
    """Say whether the content of a file, which is not trusted, is a scale."""
    names, numbers = content["channels"], [content[k] for k in ("mean", "deviation", "change")]
    gap = content["gap"]
    return (
        set(content) == {"channels", "mean", "deviation", "change", "gap", "masked"}
        and bool(names)
        and all(isinstance(name, str) for name in names)
        and all(len(row) == len(names) and all(map(is_finite, row)) for row in numbers)
        and all(value > 0 for row in numbers[1:] for value in row)
        and (gap is None or (is_finite(gap) and gap > 0))
        and isinstance(content["masked"], bool)
    )


def is_finite(value: Any) -> bool:
    """Say whether a value of JSON is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def learn_scale(train: Recordings, features: SignalFeatures) -> Scale:
    """Learn the scale of the training part.

    A channel that never changes gets the deviation 1: it then says nothing, instead of noise.

    Raises:
        DataError: If a channel has no value at all.

    Example:
        >>> from elman.data.signal.recording import Recording
        >>> train = Recordings(("x",), [Recording("a", np.array([[1.0], [3.0]]))])
        >>> learn_scale(train, SignalFeatures())
        Scale(channels=('x',), mean=(2.0,), deviation=(1.0,), change=(2.0,), gap=None, masked=False)
    """
    width = len(train.channels)
    count, total, squares = np.zeros(width), np.zeros(width), np.zeros(width)
    gaps: list[NDArray[np.float32]] = []
    missing = False
    shift = np.zeros(width)  # near the mean, so that squares of large numbers keep their digits
    for first, item in enumerate(train):
        values = prepared(item.values, features)
        there = ~np.isnan(values)
        missing = missing or not bool(there.all())
        if first == 0:
            shift = np.where(there, values, 0.0).sum(0) / np.maximum(there.sum(0), 1)
        own = np.where(there, values - shift, 0.0)
        count += there.sum(0)
        total += own.sum(0)
        squares += (own**2).sum(0)
        if item.times is not None and len(item) > 1:
            gaps.append(gaps_of(item.times, len(item))[1:])
    if len(empty := np.flatnonzero(count == 0)):
        name = train.channels[empty[0]]
        raise DataError(
            f"channel '{name}' has no value in the training part. Leave it out: name the others "
            "with --signal.channels"
        )
    mean = total / count
    deviation = positive(np.sqrt(np.maximum(squares / count - mean**2, 0.0)), np.abs(mean + shift))
    mean = mean + shift
    if features.scaling == "none":
        mean, deviation = np.zeros(width), np.ones(width)
    elif features.scaling == "all":
        deviation = np.full(width, math.sqrt(float((deviation**2).mean())))
    changes, steps = np.zeros(width), np.zeros(width)
    for item in train:
        step = np.diff((prepared(item.values, features) - mean) / deviation, axis=0)
        there = ~np.isnan(step)
        changes += np.where(there, step, 0.0).__pow__(2).sum(0)
        steps += there.sum(0)
    if features.scaling == "all":
        changes, steps = np.full(width, changes.sum()), np.full(width, steps.sum())
    change = positive(np.sqrt(changes / np.maximum(steps, 1)), np.ones(width))
    gap = None
    if any(item.times is not None for item in train):
        positive_gaps = np.concatenate(gaps) if gaps else np.ones(1, np.float32)
        positive_gaps = positive_gaps[positive_gaps > 0]
        gap = float(np.median(positive_gaps)) if len(positive_gaps) else 1.0
    return Scale(
        train.channels,
        tuple(mean.tolist()),
        tuple(deviation.tolist()),
        tuple(change.tolist()),
        gap,
        missing,
    )


def prepared(values: Values, features: SignalFeatures) -> NDArray[np.float64]:
    """Return values as seen from the centre, and divided by their size, where that is asked for."""
    return from_centre(values.astype(np.float64), features, Origin())


def positive(deviation: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return deviations with 1 where there is none but rounding of numbers of some size."""
    return np.where(deviation > 1e-12 * np.maximum(size, 1e-30), deviation, 1.0)


def names_of(channels: Sequence[str], most: int = 6) -> str:
    """Return channels to read.

    Example:
        >>> names_of(["x", "y"])
        'x, y'
    """
    shown = ", ".join(channels[:most])
    return shown if len(channels) <= most else f"{shown}, ... ({len(channels)})"
