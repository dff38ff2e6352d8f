"""Texts that every machine with Python has: the manual and the standard library's source.

They need no file and no network, and are the same on every machine with the same Python.
"""

from __future__ import annotations

import importlib
import sysconfig
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elman._errors import DataError
from elman._registry import Registry

__all__ = ["BUILTIN", "BuiltinText"]

LICENCE = "Python Software Foundation License 2"

# Not the library itself: tests with broken encodings on purpose, installed packages, programs,
# and what differs from one build of the same Python to another.
SKIPPED_FOLDERS = {
    "__pycache__",
    "dist-packages",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "site-packages",
    "test",
    "tests",
    "turtledemo",
}
SKIPPED_PREFIXES = ("_sysconfigdata", "_sysconfig_vars", "config-")


@dataclass(frozen=True)
class BuiltinText:
    """A text with a name.

    Args:
        description: What it is, in one line.
        licence: What it may be used for.
        texts: Returns the text in chunks, the same each time.
    """

    description: str
    licence: str
    texts: Callable[[], Iterator[str]]

    @property
    def size(self) -> int:
        """Bytes of the text in UTF-8; reads all of it."""
        return sum(len(text.encode()) for text in self.texts())


def manual() -> Iterator[str]:
    """Return the language reference as `help()` prints it: all topics, by name."""
    try:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    except ImportError:
        raise DataError(
            "this Python comes without its manual (pydoc_data). Give a text file instead, "
            "or use a Python from python.org or your system's full package"
        ) from None
    for name in sorted(topics):
        yield f"{name}\n{'=' * len(name)}\n\n{topics[name].strip()}\n\n\n"


def standard_library() -> Iterator[str]:
    """Return the standard library's Python files, by path, each under its name."""
    root = Path(sysconfig.get_path("stdlib"))
    files = library_files(root)
    if not files:
        raise DataError(
            f"this Python comes without its source ({root} holds no .py files). Give a text "
            "file instead, or the built-in text 'manual'"
        )
    for path in files:
        try:
            with path.open("rb") as file:
                encoding, _ = tokenize.detect_encoding(file.readline)
            text = path.read_bytes().decode(encoding)
        except (OSError, SyntaxError, UnicodeError) as error:
            raise DataError(f"cannot read {path}: {error}") from None
        yield f"# {path.relative_to(root).as_posix()}\n\n{text}\n\n"


def library_files(root: Path) -> list[Path]:
    """Return the Python files that belong to the library itself, sorted by path."""

    def is_library(path: Path) -> bool:
        parts = path.relative_to(root).parts
        return not SKIPPED_FOLDERS.intersection(parts) and not any(
            part.startswith(SKIPPED_PREFIXES) for part in parts
        )

    found = filter(is_library, root.rglob("*.py"))
    return sorted(found, key=lambda path: path.relative_to(root).parts)


BUILTIN: Registry[BuiltinText] = Registry("built-in text")
BUILTIN.register(
    "manual", BuiltinText("The Python manual's topics, as help() prints them", LICENCE, manual)
)
BUILTIN.register(
    "stdlib",
    BuiltinText("The source of Python's standard library", LICENCE, standard_library),
)
