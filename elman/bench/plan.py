"""What is to be measured, checked before torch is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman._errors import ConfigError, UnknownName, did_you_mean

if TYPE_CHECKING:
    from elman.bench.record import Row

__all__ = ["CELLS", "PARTS", "Case", "Plan", "make_plan"]

PARTS = {
    "layers": "a layer over time, training and inference",
    "step": "one step of one row, from Python",
    "options": "what an option costs over the plain layer",
    "memory": "peak memory of a training step",
    "recipe": "training throughput of the tinyshakespeare recipe",
    "overhead": "imports, packing, one call, the training loop",
}
CELLS = ("rnn", "gru", "lstm")
ROUNDS, QUICK_ROUNDS = 21, 3
BUDGET_S, QUICK_BUDGET_S = 2.5, 0.3


@dataclass(frozen=True)
class Plan:
    """Which parts, cells and threads, and how often.

    Attributes:
        threads: Rising; the targets are for the last, all cores that are used.
        rounds: At most so many rounds of a row.
        budget_s: No further round of a row begins after so many seconds, if `least` are done.
        quick: Fewer shapes.
    """

    parts: tuple[str, ...]
    cells: tuple[str, ...]
    threads: tuple[int, ...]
    rounds: int = ROUNDS
    budget_s: float = BUDGET_S
    quick: bool = False

    @property
    def least(self) -> int:
        """Rounds of a row that spends its budget sooner."""
        return min(self.rounds, QUICK_ROUNDS if self.quick else 5)

    def enough(self, rounds: int, seconds: float) -> bool:
        """Whether so many rounds do; the few largest rows are content with 3.

        Example:
            >>> from elman.bench.plan import make_plan
            >>> plan = make_plan(threads=[1])
            >>> plan.enough(5, 1.0), plan.enough(5, 3.0), plan.enough(3, 3.0), plan.enough(3, 20.0)
            (False, True, False, True)
        """
        least = min(self.least, 3) if seconds > 4 * self.budget_s else self.least
        return rounds >= self.rounds or (rounds >= least and seconds > self.budget_s)


@dataclass(frozen=True)
class Case:
    """A measurement that gives one row or some; ``threads`` are set while it runs."""

    label: str
    threads: int
    measure: Callable[[], list[Row]]


def make_plan(
    parts: Sequence[str] = (),
    *,
    cells: Sequence[str] = (),
    threads: Sequence[int] = (),
    rounds: int | None = None,
    quick: bool = False,
) -> Plan:
    """Check what was asked for, and fill in the rest; no threads means 1 and all of torch's.

    Raises:
        UnknownName: If there is no such part or cell.
        ConfigError: If a number is out of its range.

    Example:
        >>> from elman.bench.plan import make_plan
        >>> make_plan(["step"], threads=[1], quick=True).cells
        ('rnn', 'gru', 'lstm')
        >>> make_plan(["stp"])
        Traceback (most recent call last):
        elman._errors.UnknownName: unknown part 'stp'; did you mean 'step'? Known: layers, step, ...
    """
    check_names("part", parts, tuple(PARTS))
    check_names("cell", cells, CELLS)
    cores = os.cpu_count() or 1
    for count in threads:
        if not 1 <= count <= cores:
            raise ConfigError(f"--threads: expected 1 to {cores}, the cores here; got {count}")
    if rounds is not None and rounds < 1:
        raise ConfigError(f"--rounds: expected at least 1, got {rounds}")
    return Plan(
        parts=tuple(part for part in PARTS if part in parts or not parts),
        cells=tuple(cell for cell in CELLS if cell in cells or not cells),
        threads=tuple(sorted(set(threads))) or default_threads(quick),
        rounds=rounds or (QUICK_ROUNDS if quick else ROUNDS),
        budget_s=QUICK_BUDGET_S if quick else BUDGET_S,
        quick=quick,
    )


def default_threads(quick: bool) -> tuple[int, ...]:
    """Return all threads of torch, and one before it if there is time."""
    import torch

    every = torch.get_num_threads()
    return (every,) if quick else tuple(sorted({1, every}))


def check_names(kind: str, names: Sequence[str], known: Sequence[str]) -> None:
    """Raise unless all names are known."""
    for name in names:
        if name not in known:
            raise UnknownName(
                f"unknown {kind} '{name}'{did_you_mean(name, known) or '.'} "
                f"Known: {', '.join(known)}"
            )
