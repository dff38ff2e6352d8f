"""`elman eval`, `generate` and `next`: what to do with a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

__all__ = ["evaluate", "generate", "next_word"]

BAR = 40


def evaluate(
    run: Path,
    data: str | None = None,
    *,
    split: Literal["train", "valid", "test"] = "valid",
    batch: int = 1,
    baselines: bool = False,
) -> None:
    """Score how well a run predicts a text: nats, bits per character, perplexity.

    Args:
        run: The run's folder.
        data: Another text to score, whole. Default: the held-out part of the run's own data.
        split: Which part of the run's own data.
        batch: Streams scored side by side; 1 gives every token its whole past.
        baselines: Also score uniform, unigram and 5-gram models fitted on the training part.
    """
    from elman.cli.show import progress_bar
    from elman.tasks.language_model import LanguageModelRun

    opened = LanguageModelRun.open(run)
    with progress_bar() as progress:
        report = opened.evaluate(data, split=split, batch=batch, progress=progress)
    table = Table(box=None, pad_edge=False)
    for column in ("", "nats/token", "bits/character", "perplexity/token"):
        table.add_column(column, justify="left" if not column else "right")
    rows = [("this run", report.nats)]
    if baselines:
        with progress_bar() as progress:
            rows += opened.baselines(split, data, progress=progress)
    for name, nats in rows:
        ...
    Console().print(table)


def generate(
    run: Path,
    *,
    prompt: str = "",
    length: int = 500,
    temperature: float = 0.8,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    stop: str | None = None,
) -> None:
    """Write on from a prompt, shown as it is made.

    Args:
        run: The run's folder.
        prompt: Text to continue; `-` reads it from standard input.
        length: Tokens to make at most; 0 goes on until Ctrl-C.
        temperature: Below 1 safer, above 1 bolder, 0 always the most probable.
        top_k: Draw from the k most probable tokens only.
        top_p: Draw from the fewest tokens that together have this probability.
        seed: The same seed repeats the same text on the same machine.
        stop: End when this text appears.
    """
    from elman.tasks.language_model import LanguageModelRun

    opened = LanguageModelRun.open(run)
    if prompt == "-":
        prompt = sys.stdin.read()
    sys.stdout.write(prompt)
    for piece in opened.generate(
        prompt,
        length=length,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
        stop=stop,
    ):
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")


def next_word(run: Path, prompt: str, *, count: int = 10) -> None:
    """Show the probable next words after a text, as bars.

    Args:
        run: The run's folder.
        prompt: The text so far.
        count: Words to show.
    """
    from elman.tasks.language_model import LanguageModelRun

    words = LanguageModelRun.open(run).next_words(prompt, count)
    console = Console()
    console.print(prompt, style="bold", highlight=False, markup=False)
    width = max((len(word.text) for word in words), default=0)
    for word in words:
        bar = "█" * max(1, round(BAR * word.probability / words[0].probability))
        console.print(
            f"  {word.text:<{width}}  {word.probability:7.2%}  {bar}", highlight=False, markup=False
        )
