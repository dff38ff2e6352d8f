"""From the name that a person gives to the file that is read.

A name is that of a set that is built in, downloaded or made here, or it is a path; a file that is
called like a set is ``./name``.
"""

from __future__ import annotations

import hashlib
import os

from elman._files import atomic_write, cache_dir
from elman.data.builtin import BUILTIN
from elman.data.catalog import CATALOG
from elman.data.fetch import fetched
from elman.data.folders import FOLDERS
from elman.data.made import Progress

__all__ = ["find_data", "is_known"]


def is_known(name: str) -> bool:
    """Whether a name is that of a set, so that it is no path."""
    return name in BUILTIN or name in CATALOG or name in FOLDERS


def find_data(name: str, progress: Progress | None = None) -> str:
    """Return the path of what is called so; a built-in set is written to the cache first.

    Args:
        name: Of a set, or a path, which stays as it is.
        progress: Told how far the making of a set is.

    Raises:
        DataError: If the set needs a package or a download that is not there.
        RunError: If the cache cannot be written.

    Example:
        >>> find_data("mine.csv")
        'mine.csv'
    """
    if name in CATALOG:
        return str(fetched(name))
    if name in FOLDERS:
        return os.fspath(FOLDERS[name].path(name, progress))
    if name not in BUILTIN:
        return name
    builtin = BUILTIN[name]
    content = "".join(builtin.texts()).encode()
    folder = cache_dir() / "builtin"
    folder.mkdir(parents=True, exist_ok=True)
    # The content is in the name: another version of a package is another file.
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}{builtin.suffix}"
    if not path.exists():
        atomic_write(path, content)
    return os.fspath(path)
