"""Files that are either whole or not there: atomic writes, checksums, the cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from elman._errors import RunError

__all__ = ["atomic_write", "cache_dir", "sha256"]


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never a part.

    The data goes to a temporary file beside the target, reaches the disk, and is renamed.

    Raises:
        RunError: If the folder cannot be written or the disk is full; nothing stays behind.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"
        )
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~current_umask())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise RunError(
            f"cannot write {path}: {error.strerror}. Make room, or choose another place"
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):  # gone: it was renamed
                os.unlink(temporary)


def current_umask() -> int:
    """Return the process's file-mode mask; mkstemp ignores it, other files obey it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def cache_dir() -> Path:
    """Return the folder of things that can be made again: tokenised corpora, downloads.

    ``$ELMAN_CACHE`` if set, else ``$XDG_CACHE_HOME/elman``, else ``~/.cache/elman``.
    """
    if chosen := os.environ.get("ELMAN_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "elman"
