"""`elman predict`: what a run says of new inputs, one by one as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from elman._errors import ConfigError
from elman.cli.stdin import is_person, stdin_lines
from elman.cli.task_options import read_options, with_task_options

__all__ = ["predict"]


@with_task_options("predict")
def predict(
    run: Path,
    /,
    *inputs: Annotated[str, Parameter(allow_leading_hyphen=True)],
    file: Path | None = None,
    options: Mapping[str, Any],
) -> None:
    """Apply a run to new inputs: words given here, a file, or standard input.

    Args:
        run: The run's folder.
        inputs: Texts; or, of a run that reads sound, series, sequences or video, files. `-` reads
            standard input, as does giving none: texts line by line, anything else as it is.
        file: A file with one input in each line, or a table, as for training.
    """
    from elman.tasks.registry import TASKS, open_run, task_of

    task = task_of(run)
    if TASKS[task].options("predict") is None:
        raise ConfigError(
            f"{run} is a run of {task}, which continues a text: use `elman generate {run}` or "
            f"`elman next {run} TEXT`"
        )
    read = read_options("predict", run, options)
    opened = open_run(run)
    files = getattr(opened, "takes", "lines") == "files"
    if file is not None and inputs:
        raise ConfigError("inputs: given here and as --file; give one of them")
    if file is None and not inputs and is_person():
        raise ConfigError(
            f"say what to predict:\n  elman predict {run} {'FILE' if files else 'TEXT'}\n"
            f"  ... | elman predict {run}"
        )
    lines: Iterator[str]
    if file is not None:
        lines = opened.inputs(file)
    elif files:
        lines = iter(inputs or ("-",))
    elif inputs and inputs != ("-",):
        lines = iter(inputs)
    else:
        lines = stdin_lines()
    screen = Console()
    color = screen.color_system is not None and not screen.no_color
    opened.predict(lines, read, write, color)


def write(text: str) -> None:
    """Write a result at once, so that a pipe gets it as soon as it is there."""
    sys.stdout.write(text)
    sys.stdout.flush()
