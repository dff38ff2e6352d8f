"""A training for the eye: a live view in a terminal, lines where there is none."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from elman.train.events import Event, Sampled, Started, Stepped, Stopped, Validated
from elman.train.listener import Listener
from elman.train.metrics import bits_per_character, perplexity

__all__ = ["ProgressView", "in_nats", "with_bits", "with_perplexity"]

Units = Callable[[float], str]
"""Writes a loss in nats for people."""

REFRESH_S = 0.25
LINE_EVERY_S = 10.0


class ProgressView(Listener):
    """Listener that shows a training as it goes.

    In a terminal: a bar with loss, speed, gradient norm, learning rate and the time left by the
    limit that comes first, under the validations and samples so far. Elsewhere (a pipe, a log
    file): a line for each validation and sample, and one about every ten seconds.

    Args:
        console: Where to write; standard error if not given, so that output stays clean.
        units: How a loss in nats is written, of the training part and of the held-out one:
            `in_nats`, `with_perplexity`, or `with_bits` of the tokens per character, which can
            differ between the two.

    Example:
        >>> import io
        >>> from elman.train.events import Stepped
        >>> from rich.console import Console
        >>> text = io.StringIO()
        >>> with ProgressView(Console(file=text, width=120), (with_bits(1.0), in_nats)) as view:
        ...     view(Stepped(100, 0, 0.5, 1.6, 3e-3, 0.41, 50_000, 5.0, 20.0, 0))
        >>> print(text.getvalue().strip())
        50 %  step 100  1.600 nats (2.31 bits/char)  10,000 tokens/s  |g| 0.41  lr 0.003  0:20 left
    """

    def __init__(
        self,
        console: Console | None = None,
        units: tuple[Units, Units] | None = None,
    ) -> None:
        self.console = console or Console(stderr=True)
        self._loss, self._held_out = units or (with_perplexity, with_perplexity)
        self._live: Live | None = None
        self._last: Stepped | None = None
        self._validated: Validated | None = None
        self._best: Validated | None = None
        self._sample: Sampled | None = None
        self._shown_s = -math.inf  # when the last refresh or line was

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Started():
                self._start(event)
            case Stepped():
                self._stepped(event)
            case Validated():
                self._validated = event
                self._best = event if event.best else self._best
                best = "  best so far" if event.best else ""
                self._line(f"step {event.step:,}  validation {self._scores(event)}{best}")
            case Sampled():
                self._sample = event
                if self._live is None:
                    self._line(f"step {event.step:,}  sample:\n{printable(event.text)}")
                self._refresh()
            case Stopped():
                self._stopped(event)

    def close(self) -> None:
        """Leave the last picture on the screen and give the terminal back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _start(self, event: Started) -> None:
        source = f"from {event.checkpoint.name}" if event.checkpoint else "from the start"
        self._line(f"training {event.parameters:,} parameters {source}")
        if self.console.is_terminal:
            # no refreshing thread: it would take time from the training
            self._live = Live(console=self.console, auto_refresh=False)
            self._live.start()

    def _stepped(self, event: Stepped) -> None:
        self._last = event
        if event.skipped:
            self._line(f"step {event.step:,}  {event.skipped} not applied: loss was not finite")
        if self._live is not None:
            if time.monotonic() - self._shown_s >= REFRESH_S:
                self._refresh()
        elif event.elapsed_s - self._shown_s >= LINE_EVERY_S:
            self._shown_s = event.elapsed_s
            self._line("  ".join([f"{event.progress:.0%}".replace("%", " %"), *self._facts(event)]))

    def _stopped(self, event: Stopped) -> None:
        self._refresh()
        self.close()
        at = "" if event.best_step is None else f"; best validation at step {event.best_step:,}"
        seen = self._best is not None and self._best.step == event.best_step
        best = f": {self._scores(self._best)}" if self._best is not None and seen else ""
        took = f"{event.step:,} steps, {clock(event.elapsed_s)}"
        ended = "interrupted" if event.reason == "interrupted" else f"stopped by {event.reason}"
        self._line(f"{ended} after {took}{at}{best}")

    def _line(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=True)

    def _refresh(self) -> None:
        if self._live is not None:
            self._shown_s = time.monotonic()
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._sample is not None:
            title = f"sample after {self._sample.step:,} steps"
            parts.append(Panel(Text(printable(self._sample.text)), title=title, title_align="left"))
        if self._last is not None:
            row = Table.grid(padding=(0, 1))
            row.add_row(
                ProgressBar(total=1.0, completed=self._last.progress, width=24),
                Text(f"{100 * self._last.progress:.0f} %"),
                Text("  ".join(self._facts(self._last))),
            )
            parts.append(row)
        return Group(*parts)

    def _facts(self, event: Stepped) -> list[str]:
        facts = [f"step {event.step:,}", self._loss(event.nats)]
        if event.seconds > 0:
            facts.append(f"{event.tokens / event.seconds:,.0f} tokens/s")
        facts += [f"|g| {event.grad_norm:.2f}", f"lr {event.lr:.2g}"]
        if event.progress > 0:
            left = event.elapsed_s * (1 - event.progress) / event.progress
            facts.append(f"{clock(left)} left")
        if self._validated is not None:
            facts.append(f"val {self._validated.nats:.3f}")
        return facts

    def _scores(self, event: Validated) -> str:
        metrics = (f"{name} {value:.4g}" for name, value in event.metrics.items())
        return "  ".join([self._held_out(event.nats), *metrics])


def in_nats(nats: float) -> str:
    """Return a loss as it is.

    Example:
        >>> in_nats(0.25)
        '0.250 nats'
    """
    return f"{nats:.3f} nats"


def with_perplexity(nats: float) -> str:
    """Return a loss per token in nats and as perplexity.

    Example:
        >>> with_perplexity(1.6)
        '1.600 nats (perplexity 4.953)'
    """
    return f"{in_nats(nats)} (perplexity {perplexity(nats):,.4g})"


def with_bits(tokens_per_character: float) -> Units:
    """Return what writes a loss per token in nats and in bits per character.

    Example:
        >>> with_bits(0.25)(1.5)
        '1.500 nats (0.54 bits/char)'
    """

    def written(nats: float) -> str:
        bits = bits_per_character(nats, 1, 1) * tokens_per_character
        return f"{in_nats(nats)} ({bits:.2f} bits/char)"

    return written


def clock(seconds: float) -> str:
    """Return a duration as h:mm:ss, or m:ss.

    Example:
        >>> clock(75), clock(3675)
        ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def printable(text: str) -> str:
    """Return text that cannot move the cursor or colour the screen: a model may say anything."""
    return "".join(c if c.isprintable() or c in "\n\t" else "·" for c in text)
