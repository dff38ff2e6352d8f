"""What the commands print with: a bar for long work, bars for probabilities, numbers with units."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

__all__ = ["bar", "byte_count", "progress_bar", "score_table"]


class ScoreLike(Protocol):
    """What a table of scores shows."""

    @property
    def name(self) -> str: ...
    @property
    def nats(self) -> float: ...
    @property
    def bits_per_character(self) -> float: ...
    @property
    def perplexity(self) -> float: ...


PATIENCE_S = 0.5
"""Work that is done sooner shows no bar."""


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[int, int, str], None]]:
    """Give a function ``report(done, total, phase)`` that draws a bar once work takes long.

    Drawn on stderr, so that results can be piped; nothing is drawn when stderr is no terminal.
    """
    began = time.monotonic()
    view = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    tasks = {}

    def report(done: int, total: int, phase: str) -> None:
        if time.monotonic() - began < PATIENCE_S:
            return
        if phase not in tasks:
            view.start()
            tasks[phase] = view.add_task(phase, total=total)
        view.update(tasks[phase], completed=done, total=total)

    try:
        yield report
    finally:
        view.stop()


def score_table(scores: Sequence[ScoreLike]) -> Table:
    """Return scores as a table, a bar of bits per character beside each."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in ("nats/token", "bits/character", "perplexity"):
        table.add_column(heading, justify="right")
    table.add_column("")
    worst = max(score.bits_per_character for score in scores)
    for score in scores:
        table.add_row(
            score.name,
            f"{score.nats:.4f}",
            f"{score.bits_per_character:.3f}",
            f"{score.perplexity:,.2f}",
            bar(score.bits_per_character / worst, 24) if len(scores) > 1 else "",
        )
    return table


def bar(part: float, width: int = 40) -> str:
    """Return a bar of ``part`` (0 to 1) of ``width`` cells, in eighths.

    Example:
        >>> bar(0.5, 4), bar(0.3, 4), bar(0.0, 4)
        ('██', '█▎', '')
    """
    eighths = round(part * width * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def byte_count(size: float) -> str:
    """Return a number of bytes as people read it.

    Example:
        >>> byte_count(999), byte_count(1_500_000)
        ('999 B', '1.5 MB')
    """
    units = iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while size >= 1000 and unit != "TB":
        size, unit = size / 1000, next(units)
    return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
