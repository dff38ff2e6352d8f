"""The files of Python's standard library, the same on every machine with the same Python."""

from __future__ import annotations

import tokenize
from collections.abc import Iterator
from pathlib import Path

from elman._errors import DataError

__all__ = ["library"]

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


def library(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the library's files and what is in them."""
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
        yield path, text


def library_files(root: Path) -> list[Path]:
    """Return the Python files that belong to the library itself, sorted by path."""

    def is_library(path: Path) -> bool:
        parts = path.relative_to(root).parts
        return not SKIPPED_FOLDERS.intersection(parts) and not any(
            part.startswith(SKIPPED_PREFIXES) for part in parts
        )

    found = filter(is_library, root.rglob("*.py"))
    return sorted(found, key=lambda path: path.relative_to(root).parts)
