"""Write docs/cli.md from the help of every command.

python scripts/cli_docs.py            write it
python scripts/cli_docs.py --check    fail if it is not current
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclopts import App
from rich.console import Console

from elman.cli.app import app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
WIDTH = 88

HEAD = """\
# The command

What `elman COMMAND --help` prints, for every command. This page is written by
`python scripts/cli_docs.py`; a test checks that it is current.

Results go to standard output, progress and messages to standard error. Exit codes:

| code | meaning |
|---|---|
| 0 | done |
| 2 | the input is wrong: one message that names it, and no traceback |
| 3 | training stopped, because loss or gradient stayed non-finite; the last good model is kept |
| 130 | interrupted; the state is saved, and the command that continues is printed |
"""


def commands(at: App, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Yield every command with its words, `elman` itself as no words."""
    yield words, at
    for name in at:
        if not name.startswith("-"):
            yield from commands(at[name], (*words, name))


def help_of(words: tuple[str, ...]) -> str:
    """Return what --help prints, without colours or trailing blanks."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, force_terminal=False, color_system=None)
    app.help_print(list(words), console=console)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip()


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for words, _ in commands(app):
        name = " ".join(("elman", *words))
        parts.append(f"## `{name}`\n\n```text\n{help_of(words)}\n```\n")
    return "\n".join(parts)


def main() -> None:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if the page is not current")
    if parser.parse_args().check:
        if PAGE.read_text(encoding="utf-8") != page():
            sys.exit("docs/cli.md is not current: run python scripts/cli_docs.py")
    else:
        PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
