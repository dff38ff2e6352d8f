"""Folders that are made once and kept in the cache: sets of sounds and clips that nobody ships."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from elman._errors import RunError
from elman._files import cache_dir

__all__ = ["Make", "Progress", "made_folder"]

Progress = Callable[[int, int, str], None]
Make = Callable[[Path, Progress | None], None]
"""Fills a folder that is there and empty."""


def made_folder(name: str, make: Make, progress: Progress | None = None) -> Path:
    """Return a folder of the cache, made first if it is not there: whole, or not at all.

    Args:
        name: What it is called, with another version where what is made changes.
        make: Fills it.
        progress: Told how far the work is.

    Raises:
        RunError: If the cache cannot be written; nothing half-made stays.
    """
    folder = cache_dir() / "builtin" / name
    if folder.exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}."))
        try:
            make(temporary, progress)
            temporary.chmod(0o755)
            os.replace(temporary, folder)
        except OSError:
            if not folder.exists():  # else another process was faster
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise RunError(
            f"cannot write {folder}: {error.strerror}. Make room, or set ELMAN_CACHE"
        ) from None
    return folder
