"""`elman generate` and `next`: what a model writes, text or music."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from elman._errors import ConfigError
from elman.cli.show import bar, progress_bar
from elman.cli.task_options import read_options, with_task_options
from elman.tasks.registry import TASKS, open_run, task_of

__all__ = ["generate", "next_word"]


@with_task_options("generate")
def generate(
    run: Path,
    /,
    *,
    prompt: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    length: int | None = None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    stop: str | None = None,
    options: Mapping[str, Any],
) -> None:
    """Write on from a prompt, shown as it is made; of music, to a file.

    Args:
        run: The run's folder.
        prompt: Text to continue; `-` reads it from standard input.
        length: Tokens to make at most; 0 goes on until Ctrl-C. Default: 500.
        temperature: Below 1 safer, above 1 bolder, 0 always the most probable. Default: 0.8; of
            music 1.
        top_k: Draw from the k most probable tokens only.
        top_p: Draw from the fewest tokens that together have this probability.
        seed: The same seed repeats the same text or piece on the same machine.
        stop: End when this text appears.
    """
    task = task_of(run)
    drawing = given_of(temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)
    text = given_of(prompt=prompt, length=length, stop=stop)
    if task == "language-model":
        read_options("generate", run, options)  # refuses what is for other tasks
        write_text(run, **text, **drawing)
        return
    if TASKS[task].options("generate") is None:
        raise ConfigError(
            f"{run} is a run of {task}, which writes nothing: use `elman predict {run}`"
        )
    for name in text:
        raise ConfigError(f"--{name} is for language-model; {run} is a run of {task}. Leave it out")
    read = read_options("generate", run, {**options, **drawing})
    opened = open_run(run)
    with progress_bar() as progress:
        opened.generate(read, sys.stdout.write, progress)


def given_of(**values: Any) -> dict[str, Any]:
    """Return what was typed."""
    return {name: value for name, value in values.items() if value is not None}


def write_text(run: Path, prompt: str = "", length: int = 500, **drawing: Any) -> None:
    """Write what a language model makes of a prompt, piece by piece."""
    from elman.tasks.language_model.task import LanguageModelRun

    opened = LanguageModelRun.open(run)
    if prompt == "-":
        prompt = sys.stdin.read()
    pieces = opened.generate(prompt, length=length, **drawing)
    sys.stdout.write(prompt)
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")


def next_word(
    run: Path,
    prompt: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    count: int = 10,
) -> None:
    """Show the probable next words after a text, as bars.

    Args:
        run: The run's folder.
        prompt: The text so far.
        count: Words to show.
    """
    from elman.tasks.language_model.next_word import next_words
    from elman.tasks.language_model.task import LanguageModelRun
    from elman.train.log import printable

    opened = LanguageModelRun.open(run)
    words = next_words(opened.model, opened.tokenizer, prompt, count)
    console = Console()
    console.print(prompt, style="bold", highlight=False, markup=False)
    width = max((len(printable(word.text)) for word in words), default=0)
    for word in words:
        drawn = bar(word.probability / words[0].probability)
        line = f"  {printable(word.text):<{width}}  {word.probability:6.1%}  {drawn}"
        console.print(line, highlight=False, markup=False)
