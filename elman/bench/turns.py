"""Time several things fairly: they take turns, so that what disturbs one disturbs all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.bench.plan import Plan
from elman.bench.record import Contender

__all__ = ["Run", "Timing", "take_turns"]

Run = Callable[[], Any]

SLICE_S = 0.02
"""A short call is repeated for about so long in each of its turns."""
LONG_S = 1.0
"""A first call that takes so long is not taken for a short one that had to compile."""
QUIET_S = 0.006
"""A process that used no time for so long is at rest; some systems count in steps of 4 ms."""
PATIENCE_S = 0.2
"""So long a turn waits for that."""


@dataclass(frozen=True)
class Timing:
    """Seconds per call, one figure for each round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the rounds."""
        return float(np.median(self.seconds))

    def contender(
        self,
        name: str,
        *,
        scale: float = 1e3,
        error: float | None = None,
        rate: float | None = None,
    ) -> Contender:
        """Return the figures, seconds times ``scale``, under a name."""
        p10, median, p90 = (scale * float(p) for p in np.percentile(self.seconds, [10, 50, 90]))
        return Contender(name, median, p10, p90, error, rate)


def take_turns(runs: Sequence[Run], plan: Plan, *, slice_s: float = SLICE_S) -> list[Timing]:
    """Time each in turn, round after round, after calls that do not count."""
    repeats = [calls_in(run, slice_s) for run in runs]
    kept: list[list[float]] = [[] for _ in runs]
    began = time.perf_counter()
    for turn in range(plan.rounds):
        order = range(len(runs)) if turn % 2 == 0 else reversed(range(len(runs)))
        for k in order:
            kept[k].append(take_turn(runs[k], repeats[k]))
        if plan.enough(turn + 1, time.perf_counter() - began):
            break
    return [Timing(tuple(seconds)) for seconds in kept]


def take_turn(run: Run, repeats: int) -> float:
    """Return the mean seconds of some calls; before short ones, one wakes its threads."""
    settle()
    if repeats > 1:
        run()
    return timed(run, repeats)


def settle() -> None:
    """Wait until no thread of the turn before spins: ONNX Runtime's do for 30 ms."""
    until = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < until:
        used = time.process_time()
        time.sleep(QUIET_S)
        if time.process_time() - used < QUIET_S / 6:
            return


def timed(run: Run, repeats: int) -> float:
    """Return the mean seconds of some calls."""
    began = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - began) / repeats


def calls_in(run: Run, slice_s: float) -> int:
    """Return how many calls fill a slice; the first ones, which compile and allocate, are here."""
    if timed(run, 1) > LONG_S:
        return 1
    return max(1, int(slice_s / max(timed(run, 1), 1e-9)))
