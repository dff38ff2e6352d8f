"""The `elman` command: words in, one task called, one clear line when something is wrong.

Nothing here imports torch until a command needs it, so ``--help`` is instant.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

__all__ = ["main"]


def main(words: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 done, 2 wrong input, 3 training diverged, 130 interrupted."""
    from cyclopts import CycloptsError

    from elman._errors import ElmanError, ElmanWarning
    from elman.cli.app import app
    from elman.cli.flags import plain

    for stream in (sys.stdout, sys.stderr):  # what the terminal cannot show is no reason to fail
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ElmanWarning)
            warnings.showwarning = shown(warnings.showwarning, ElmanWarning)
            app(words, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        fail(f"{plain(error)}\nSee: {usage(error)} --help", 2)
    except ElmanError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("interrupted", 130)
    except BrokenPipeError:  # the reader, `head` perhaps, has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def shown(usual: Any, plain: type[Warning]) -> Any:
    """Return how warnings are shown: those for people without where in the code they arose."""

    def show(message: Warning | str, category: type[Warning], *where: Any, **options: Any) -> None:
        if issubclass(category, plain):
            print(f"warning: {message}", file=sys.stderr)
        else:
            usual(message, category, *where, **options)

    return show


def usage(error: object) -> str:
    """Return the words of the command that an error came from."""
    chain = getattr(error, "command_chain", None) or ()
    return " ".join(("elman", *chain))


def fail(message: str, code: int) -> None:
    """Print an error and leave."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(code)
