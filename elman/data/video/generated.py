"""Sets of clips that are known by a name: generated once, and kept in the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from elman._errors import RunError
from elman._files import cache_dir
from elman.data.video import moving_digits

__all__ = ["CLIPS", "find_video", "is_generated"]

CLIPS = 3000
"""Clips of the set that is generated where nobody gives one."""
NAME = "moving-digits"


def is_generated(name: str) -> bool:
    """Say whether a name is that of a generated set, so that it is no path.

    Example:
        >>> is_generated("moving-digits"), is_generated("./moving-digits")
        (True, False)
    """
    return name == NAME


def find_video(name: str, progress: Callable[[int, int, str], None] | None = None) -> str:
    """Return the path of what is called so; a generated set is made first, if it is not there.

    Args:
        name: A path, which stays as it is, or ``moving-digits``.
        progress: Told how far the work is.

    Raises:
        DataError: If a package that it needs is missing.
        RunError: If the cache cannot be written.
    """
    if not is_generated(name):
        return name
    # The generator is in the name: another one makes another set.
    source = Path(moving_digits.__file__).read_bytes()
    folder = cache_dir() / "generated"
    path = folder / f"{NAME}-{CLIPS}-{hashlib.sha256(source).hexdigest()[:12]}"
    if path.is_dir():
        return os.fspath(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder, prefix=".building-"))
        try:
            moving_digits.make_moving_digits(building, CLIPS, progress=progress)
            publish(building, path)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise RunError(
            f"cannot write the cache {folder}: {error.strerror or error}. Free some space, or set "
            "ELMAN_CACHE to a folder with room"
        ) from None
    return os.fspath(path)


def publish(building: Path, path: Path) -> None:
    """Rename a finished folder into place, unless another process was there before."""
    try:
        os.rename(building, path)
    except OSError:
        if not path.is_dir():
            raise
