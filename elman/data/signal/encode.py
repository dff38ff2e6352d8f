"""From recordings to the rows that a network reads, whole or as they arrive.

=============  ====================================================================
``values``     each channel in deviations from its mean; what is missing, filled
``missing``    1 where a value was missing, if the training part has such
``age``        time since the channel's last value, where the network learns a decay
``gap``        log(1 + time since the step before), if there are times
``changes``    each channel's change since the step before, if asked for
=============  ====================================================================

A stream keeps a few numbers for each channel, so that rows come out as of the whole recording.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError, DataError
from elman.data.signal.augment import altered_values, altered_way
from elman.data.signal.config import SignalFeatures
from elman.data.signal.normalise import Scale
from elman.data.signal.points import Origin, from_centre
from elman.data.signal.recording import Recording, Values

__all__ = ["Encoder", "EncoderStream", "Layout"]

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """Where in a row what stands.

    Args:
        channels: C.
        masked: Whether ``missing`` is there.
        aged: Whether ``age`` is there.
        timed: Whether ``gap`` is there.
        deltas: Whether ``changes`` are there.
        rows_per_step: Rows side by side in one step of the network.

    Example:
        >>> Layout(3, masked=True, aged=False, timed=True, deltas=False).width
        7
    """

    channels: int
    masked: bool
    aged: bool
    timed: bool
    deltas: bool
    rows_per_step: int = 1

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return self.channels * (1 + self.masked + self.aged + self.deltas) + self.timed


@dataclass
class Memory:
    """What the rows before a chunk leave behind."""

    channels: int
    origin: Origin = field(default_factory=Origin)
    last: NDArray[np.float64] = field(init=False)
    age: NDArray[np.float64] = field(init=False)
    before: NDArray[np.float64] | None = None  # the last row, NaN where a value was missing
    time: float | None = None

    def __post_init__(self) -> None:
        self.last = np.zeros(self.channels)  # nothing was seen yet: the mean
        self.age = np.zeros(self.channels)


class Encoder:
    """Makes rows of recordings.

    Args:
        scale: Learned from the training part.
        features: What the network is to see.

    Example:
        >>> scale = Scale(("x",), (1.0,), (2.0,), (1.0,), None, True)
        >>> encoder = Encoder(scale, SignalFeatures())
        >>> encoder.encode(Recording("a", np.array([[5.0], [np.nan]])))
        array([[2., 0.],
               [0., 1.]], dtype=float32)
    """

    def __init__(self, scale: Scale, features: SignalFeatures) -> None:
        self.scale, self.features = scale, features
        aged = features.missing == "decay"
        self.layout = Layout(
            len(scale.channels),
            masked=scale.masked or aged,
            aged=aged,
            timed=scale.gap is not None,
            deltas=features.deltas,
            rows_per_step=features.rows_per_step,
        )

    @property
    def alters(self) -> bool:
        """Whether recordings are altered in training."""
        f = self.features
        return any((f.augment_noise, f.augment_scale, f.augment_time, f.augment_rotate))

    def steps(self, rows: int) -> int:
        """Return how many steps the network makes of so many rows."""
        return -(-rows // self.features.rows_per_step)

    def encode(self, recording: Recording, rng: np.random.Generator | None = None) -> Rows:
        """Return the steps of a recording, ``(T, rows_per_step * width)``.

        Args:
            recording: Of the channels trained on.
            rng: In training: draws how the recording is altered.
        """
        values, times = recording.values, recording.times
        if rng is not None and self.alters:
            values, times = altered_way(values, times, self.features, rng)
        rows = self.rows(values, times, Memory(len(self.scale.channels)), rng)
        return merged(rows, self.features.rows_per_step)

    def stream(self) -> EncoderStream:
        """Begin a recording that arrives row by row.

        Raises:
            ConfigError: If the network was trained on recordings that were resized as a whole.
        """
        if self.features.resize:
            raise ConfigError(
                "stream: this network was trained with signal.resize, which needs the whole "
                "recording. Train without it"
            )
        return EncoderStream(self)

    def rows(
        self,
        values: Values,
        times: NDArray[np.float64] | None,
        memory: Memory,
        rng: np.random.Generator | None = None,
    ) -> Rows:
        """Return rows ``(T, width)`` of values ``(T, C)``, and move the memory behind them."""
        if (times is not None) < self.layout.timed:
            raise DataError(
                "there are no times here, and the network was trained with them: give the column"
            )
        scaled = self.scale.apply(
            from_centre(values.astype(np.float64), self.features, memory.origin)
        )
        if rng is not None:
            scaled = altered_values(scaled, self.features, rng)
        gaps = self._gaps(times, len(values), memory)
        there = ~np.isnan(scaled)
        filled, age = held(scaled, there, gaps, memory)
        parts = [np.where(there, scaled, 0.0) if self.features.missing == "zero" else filled]
        if self.layout.masked:
            parts.append(~there)
        if self.layout.aged:
            parts.append(age)
        if self.layout.timed:
            parts.append(np.log1p(gaps)[:, None])
        if self.layout.deltas:
            first = scaled[:1] if memory.before is None else memory.before[None]
            change = np.diff(scaled, axis=0, prepend=first) / np.array(self.scale.change)
            parts.append(np.nan_to_num(change))
        if len(scaled):
            memory.before = scaled[-1]
        return np.concatenate([part.astype(np.float32) for part in parts], axis=1)

    def _gaps(
        self, times: NDArray[np.float64] | None, steps: int, memory: Memory
    ) -> NDArray[np.float64]:
        """Return the time since the row before, in usual gaps; 0 for the very first row."""
        if times is None or self.scale.gap is None:
            gaps = np.ones(steps)
            gaps[:1] = 0.0 if memory.before is None else 1.0
            return gaps
        first = times[:1] if memory.time is None else np.array([memory.time])
        if len(times):
            memory.time = float(times[-1])
        return np.diff(times, prepend=first) / self.scale.gap


class EncoderStream:
    """A recording that arrives row by row.

    Args:
        encoder: Whose rows these are.

    Example:
        >>> scale = Scale(("x",), (1.0,), (2.0,), (1.0,), None, False)
        >>> stream = Encoder(scale, SignalFeatures()).stream()
        >>> stream.push(np.array([[5.0]]), None), stream.push(np.array([[3.0]]), None)
        (array([[2.]], dtype=float32), array([[1.]], dtype=float32))
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._memory = Memory(len(encoder.scale.channels))
        self._rest = np.empty((0, encoder.layout.width), np.float32)

    def push(self, values: Values, times: NDArray[np.float64] | None) -> Rows:
        """Take the next rows ``(n, C)``; return the steps that they complete."""
        rows = self.encoder.rows(values, times, self._memory)
        rows = np.concatenate([self._rest, rows])
        size = self.encoder.features.rows_per_step
        whole = len(rows) - len(rows) % size
        self._rest = rows[whole:]
        return merged(rows[:whole], size)

    def end(self) -> Rows:
        """Return the step of the rows that are left, if there are any."""
        return merged(self._rest, self.encoder.features.rows_per_step)


def held(
    scaled: NDArray[np.float64],
    there: NDArray[np.bool_],
    gaps: NDArray[np.float64],
    memory: Memory,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each value, or the last one before it, and how long ago that was, ``(T, C)`` each."""
    steps = np.arange(1, len(scaled) + 1)[:, None]
    place = np.maximum.accumulate(np.where(there, steps, 0), axis=0)  # 0: in the memory
    filled = np.take_along_axis(np.concatenate([memory.last[None], scaled]), place, 0)
    clock = np.concatenate([[0.0], np.cumsum(gaps)])[:, None]
    age = clock[1:] - np.take_along_axis(np.broadcast_to(clock, (len(clock), len(memory.last))),
                                         place, 0)  # fmt: skip
    age = age + np.where(place == 0, memory.age, 0.0)
    if len(scaled):
        memory.last, memory.age = filled[-1], age[-1]
    return filled, age


def merged(rows: Rows, size: int) -> Rows:
    """Lay rows side by side, so many to a step; the last row fills the last step up."""
    if size == 1 or not len(rows):
        return rows.reshape(-1, size * rows.shape[1])
    lack = -len(rows) % size
    return np.concatenate([rows, np.repeat(rows[-1:], lack, 0)]).reshape(-1, size * rows.shape[1])
