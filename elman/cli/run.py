"""`elman generate` and `next`: what a language model writes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from elman.cli.show import bar

__all__ = ["generate", "next_word"]


def generate(
    run: Path,
    /,
    *,
    prompt: Annotated[str, Parameter(allow_leading_hyphen=True)] = "",
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
    pieces = opened.generate(
        prompt,
        length=length,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
        stop=stop,
    )
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
    from elman.tasks.language_model import LanguageModelRun
    from elman.tasks.next_word import next_words
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
