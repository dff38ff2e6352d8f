"""Frames by time: which one is on the screen at each moment that is looked at.

Time is cut into stretches, one for each step of the network, and the frame in the middle of a
stretch stands for it. In training it may be one of `FINE` moments of the stretch. A frame stays on
the screen until the next comes, so that files with an uneven rate are seen as people see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman.data.video.container import Shown
from elman.data.video.errors import BrokenClip
from elman.data.video.look import Image

__all__ = ["FINE", "ROUNDING_S", "Clip", "arriving", "collected", "windowed"]

FINE = 5
"""Moments of a stretch among which training chooses; odd, so that one is the middle."""
ROUNDING_S = 1e-6
"""A frame that begins at a moment is on then, whatever rounding has done to either."""


@dataclass(frozen=True, eq=False)
class Clip:
    """The frames of a clip that may be looked at, and which of them is on when.

    Args:
        frames: Those that are different, ``(M, H, W, C)`` uint8; of saved features ``(M, E)``.
        index: Which of them is on at each of F moments of T stretches, ``(T, F)``.
        left_out: Whether the clip goes on after its last stretch.
    """

    frames: NDArray[np.generic]
    index: NDArray[np.int32]
    left_out: bool = False

    def __len__(self) -> int:
        """Stretches of time, T: the steps of the network."""
        return len(self.index)

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return self.frames.nbytes + self.index.nbytes

    def seen(self, rng: np.random.Generator | None = None) -> NDArray[np.generic]:
        """Return the frames to look at, ``(T, ...)``: the middle ones, or drawn ones."""
        fine = self.index.shape[1]
        if rng is None or fine == 1:
            return self.frames[self.index[:, fine // 2]]
        return self.frames[self.index[np.arange(len(self)), rng.integers(fine, size=len(self))]]


def moment(number: int, rate: float, fine: int) -> float:
    """Return when moment ``number`` is, in seconds; ``fine`` of them make a stretch."""
    step, part = divmod(number, fine)
    return (step + (2 * part + 1) / (2 * fine)) / rate


def on_screen(shown: Iterable[Shown], rate: float, fine: int) -> Iterator[Shown]:
    """Yield for each moment, one after the other, the frame that is on then."""
    number, current = 0, None
    for frame in shown:
        while current is not None and moment(number, rate, fine) + ROUNDING_S < frame.time_s:
            yield current
            number += 1
        current = frame
    while current is not None and (
        number == 0 or moment(number, rate, fine) + ROUNDING_S < current.end_s
    ):
        yield current  # of a clip that ends before the first moment its last frame
        number += 1


def collected(
    shown: Iterable[Shown], rate: float, *, fine: int = 1, most: int, exact: int | None = None
) -> Clip:
    """Return the frames of a clip that are on at the moments looked at.

    Args:
        shown: All frames; no more of them are taken than are needed.
        rate: Stretches in a second.
        fine: Moments in a stretch.
        most: Stretches at most.
        exact: So many stretches, whatever rounding says of the clip's end.
    """
    frames: list[Image] = []
    index: list[int] = []
    newest: list[Shown] = []
    converted: Shown | None = None
    left_out = False
    for frame in on_screen(noted(shown, newest), rate, fine):
        if len(index) == most * fine:
            left_out = exact is None
            break
        if frame is not converted:
            frames.append(frame.image())
            converted = frame
        index.append(len(frames) - 1)
    if not index:
        raise BrokenClip("holds no frame")
    middle = fine // 2  # a stretch counts if its middle is reached
    steps = exact if exact is not None else (len(index) + middle) // fine
    if len(index) <= middle:  # the clip is over before that: one step, its last frame
        frames, index, steps = [newest[0].image()], [0], max(1, steps)
    index = (index + [index[-1]] * (steps * fine))[: steps * fine]
    return Clip(np.stack(frames), np.array(index, np.int32).reshape(steps, fine), left_out)


def arriving(shown: Iterable[Shown], rate: float) -> Iterator[tuple[float, Image]]:
    """Yield the end of each stretch, in seconds, and its frame, as soon as it is known.

    These are the frames that `collected` finds, one by one and without end.
    """
    last: tuple[Shown, Image] | None = None
    for count, frame in enumerate(on_screen(shown, rate, 1), 1):
        if last is None or last[0] is not frame:
            last = (frame, frame.image())
        yield count / rate, last[1]


def noted(shown: Iterable[Shown], newest: list[Shown]) -> Iterator[Shown]:
    """Yield frames, and keep the newest of them in a list of one."""
    for frame in shown:
        newest[:] = [frame]
        yield frame


def windowed(shown: Iterable[Shown], start_s: float, end_s: float | None) -> Iterator[Shown]:
    """Yield the frames of a part of a file, their times counted from where it begins."""
    for frame in shown:
        if end_s is not None and frame.time_s >= end_s:
            return
        end = frame.end_s if end_s is None else min(frame.end_s, end_s)
        if end > start_s:
            yield Shown(frame.time_s - start_s, end - start_s, frame.image)
