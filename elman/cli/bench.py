"""`elman bench`: measure elman beside the others, on this machine, in one process."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from elman._errors import ConfigError

if TYPE_CHECKING:
    from elman.bench.record import Record, Row

__all__ = ["bench"]

INTERRUPTED = 130
FLAG = Parameter(negative=(), show_default=False)
MANY = Parameter(consume_multiple=True, negative_iterable=(), show_default=False)


def bench(
    *parts: str,
    quick: Annotated[bool, FLAG] = False,
    threads: Annotated[tuple[int, ...], MANY] = (),
    cells: Annotated[tuple[str, ...], MANY] = (),
    rounds: int | None = None,
    json: Path | None = None,
    html: Path | None = None,
    png: Path | None = None,
) -> None:
    """Time elman's kernels beside torch, JAX and ONNX Runtime, and hold them to their targets.

    All run in one process, on the same weights, taking turns; medians and the 10th to 90th
    percentile. Errors are the largest against the reference in float64. Rows that are lost are
    printed like any other. Ctrl-C keeps what was measured.

    Run it on an idle machine: one busy neighbour spoils every figure.

    Args:
        parts: What to measure: layers, step, options, memory, recipe, overhead. Default: all.
        quick: Fewer rounds and shapes: a minute, for a first look.
        threads: Numbers of threads. Default: 1 and all of torch's.
        cells: rnn, gru, lstm. Default: all.
        rounds: At most so many rounds of each row. Default: 21, or 3 if quick.
        json: File for every figure.
        html: File for a page with chart and tables; needs matplotlib.
        png: File for the chart; needs matplotlib.
    """
    from elman.bench.plan import make_plan

    plan = make_plan(parts, cells=cells, threads=threads, rounds=rounds, quick=quick)
    check_files(json, html, png)

    from elman.bench import run

    record, found = run.begin(plan)
    console = Console(highlight=False, soft_wrap=True)
    console.print(", ".join(f"{name} {value}" for name, value in record.about.items()))
    for line in record.missing:
        console.print(line, markup=False)
    interrupted = False
    try:
        with View(console) as view:
            run.run(plan, found, record, view)
    except KeyboardInterrupt:
        interrupted = True
        print(f"interrupted: {len(record.rows)} rows are kept", file=sys.stderr)
    finally:
        if record.rows:
            write_files(record, json, html, png)
    from elman.bench.text import summary

    for line in summary(record):
        console.print(coloured(line))
    if interrupted:
        raise SystemExit(INTERRUPTED)


class View:
    """Rows on standard output as they come, and a bar between them that steals no time."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.part = ""
        terminal = console if console.is_terminal else Console(stderr=True)
        self.progress = Progress(
            BarColumn(),
            TextColumn("{task.completed}/{task.total}  {task.description}"),
            TimeElapsedColumn(),
            console=terminal,
            transient=True,
            auto_refresh=False,  # a thread that draws would disturb what is timed
            disable=not terminal.is_terminal,
        )
        self.stack = ExitStack()

    def __enter__(self) -> View:
        self.stack.enter_context(self.progress)
        self.bar = self.progress.add_task("", total=None)
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def starting(self, part: str, label: str, done: int, total: int) -> None:
        """Name what is being measured."""
        from elman.bench.plan import PARTS

        if part != self.part:
            self.part = part
            self.console.print(f"\n[bold]{part}[/bold]: {PARTS[part]}\n")
        self.progress.update(self.bar, description=label, completed=done, total=total)
        self.progress.refresh()

    def measured(self, row: Row) -> None:
        """Print a row."""
        from elman.bench.text import row_lines

        for line in row_lines(row):
            self.console.print(coloured(line))


def coloured(line: str) -> Text:
    """Return a line with its verdicts in colour."""
    text = Text(line)
    text.highlight_words(["reached"], "green")
    text.highlight_words(["missed"], "red")
    return text


def check_files(*files: Path | None) -> None:
    """Raise before minutes are spent where a file could not be written in the end."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise ConfigError(f"{file}: the folder {file.parent} does not exist; make it first")
    _, html, png = files
    if html or png:
        from elman.bench.chart import require

        require()


def write_files(record: Record, json: Path | None, html: Path | None, png: Path | None) -> None:
    """Write what was asked for."""
    from elman._files import atomic_write

    if json is not None:
        record.write(json)
    if html is not None:
        from elman.bench.page import page

        atomic_write(html, page(record).encode())
    if png is not None:
        from elman.bench.chart import draw

        atomic_write(png, draw(record, "png"))
    for file in filter(None, (json, html, png)):
        print(f"wrote {file}", file=sys.stderr)
