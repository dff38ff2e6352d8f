"""`elman chat`: a conversation in the terminal, or with a program through a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elman._errors import ConfigError
from elman.cli.stdin import is_person, stdin_lines

if TYPE_CHECKING:
    from elman.tasks.translate.chat import Conversation

__all__ = ["chat"]

HELP = """\
/reset          forget what was said
/temperature X  how bold replies are: 0 always the likeliest, 1 as the model thinks
/help           this
/quit           leave; Ctrl-D does too. Ctrl-C stops a reply"""
YOU, MODEL = "you   ", "model "


def chat(
    run: Path,
    /,
    *,
    temperature: float = 0.7,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    max_length: int = 100,
) -> None:
    """Talk with a model that was trained on replies; /help shows what can be typed.

    Args:
        run: The run's folder, of `elman train translate` on turns and replies.
        temperature: Below 1 safer, above 1 bolder, 0 always the most probable.
        top_k: Draw from the k most probable tokens only.
        top_p: Draw from the fewest tokens that together have this probability.
        seed: The same seed repeats the same conversation on the same machine.
        max_length: Tokens of a reply at most.
    """
    from elman.tasks.registry import task_of

    if (task := task_of(run)) != "translate":
        raise ConfigError(
            f"{run} is a run of {task}; a chat needs one of translate, trained on turns and "
            "replies: elman train translate conversations"
        )
    from elman.tasks.translate.chat import Conversation
    from elman.tasks.translate.task import TranslateRun

    conversation = Conversation(
        TranslateRun.open(run),
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
        max_length=max_length,
    )
    person = is_person()
    if person:
        print(f"{run}: remembers {conversation.run.task.pairs.turns} turns. /help, /quit")
    lines = prompted() if person else stdin_lines()
    for line in lines:
        text = line.strip()
        if text.startswith("/"):
            if not obey(text, conversation, print):
                return
        elif text:
            answer(conversation, text, MODEL if person else "")


def prompted() -> Iterator[str]:
    """Yield what a person types, line by line, until Ctrl-D or Ctrl-C."""
    while True:
        try:
            line = input(YOU)
        except (EOFError, KeyboardInterrupt):
            print()
            return
        yield line


def answer(conversation: Conversation, text: str, before: str) -> None:
    """Write a reply as it is made; Ctrl-C ends it, not the conversation."""
    from elman.train.log import printable

    sys.stdout.write(before)
    pieces = conversation.reply(text)
    try:
        for piece in pieces:
            sys.stdout.write(printable(piece).replace("\n", " "))
            sys.stdout.flush()
    except KeyboardInterrupt:
        pieces.close()  # type: ignore[attr-defined]  # a generator
        sys.stdout.write(" ...")
    sys.stdout.write("\n")
    sys.stdout.flush()


def obey(text: str, conversation: Conversation, say: Callable[[str], None]) -> bool:
    """Do what a line with a slash asks; return whether the conversation goes on."""
    command, _, argument = text.partition(" ")
    if command == "/quit":
        return False
    if command == "/reset":
        conversation.reset()
        say("forgotten")
    elif command == "/temperature":
        try:
            if argument:
                conversation.temperature = float(argument)
            say(f"temperature {conversation.temperature:g}")
        except (ValueError, ConfigError):
            say(f"/temperature wants a number of at least 0, such as 0.7; got {argument!r}")
    else:
        say(HELP if command == "/help" else f"unknown: {command}\n{HELP}")
    return True
