"""A folder of arrays that is there whole or not at all.

One entry is a folder with ``entry.json`` and a flat binary file for each array. It is built in a
temporary folder and renamed; the arrays come back memory-mapped.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from elman._errors import RunError
from elman._files import sync_folder

__all__ = ["ArrayWriter", "Entry", "build_entry", "open_entry"]

ENTRY = "entry.json"
FORMAT = 1
STALE_S = 24 * 3600
CHECK_BYTES = 1 << 22


class Entry:
    """An opened entry: its facts and its arrays."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path = path
        self.facts: dict[str, Any] = content["facts"]
        self._arrays = content["arrays"]

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def array(self, name: str) -> np.ndarray[Any, np.dtype[Any]]:
        """Return an array, memory-mapped and read-only."""
        about = self._arrays[name]
        dtype = np.dtype(about["dtype"])
        if about["bytes"] == 0:  # nothing can be mapped
            return np.empty(0, dtype)
        return np.memmap(self.path / f"{name}.bin", dtype, mode="r")


class ArrayWriter:
    """Writes the arrays of an entry, chunk by chunk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, BinaryIO] = {}
        self.about: dict[str, dict[str, Any]] = {}

    def append(self, name: str, values: np.ndarray[Any, np.dtype[Any]]) -> None:
        """Add values to the end of an array; all chunks of one array have one dtype."""
        if name not in self._files:
            # Plain writes: a memory map on a full disk would kill the process.
            self._files[name] = (self.folder / f"{name}.bin").open("wb")
            self.about[name] = {"dtype": values.dtype.str, "bytes": 0, "crc32": 0}
        about = self.about[name]
        data = np.ascontiguousarray(values).view(np.uint8).data
        self._files[name].write(data)
        about["bytes"] += data.nbytes
        about["crc32"] = zlib.crc32(data, about["crc32"])

    def finish(self, facts: dict[str, Any]) -> None:
        """Write everything to the disk; an entry without this is not one."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
            file.close()
        content = json.dumps({"facts": facts, "arrays": self.about})
        sealed = {"format": FORMAT, "crc32": zlib.crc32(content.encode()), "content": content}
        with (self.folder / ENTRY).open("wb") as seal:
            seal.write(json.dumps(sealed).encode())
            seal.flush()
            os.fsync(seal.fileno())

    def close(self) -> None:
        """Close the files without finishing; harmless after `finish`."""
        for file in self._files.values():
            with contextlib.suppress(OSError):  # a full disk fails here again: it was reported
                file.close()


def open_entry(path: Path) -> Entry | None:
    """Return the entry at ``path`` if it is there and undamaged, every byte of it."""
    try:
        sealed = json.loads((path / ENTRY).read_text(encoding="utf-8"))
        content = sealed["content"]
        if sealed["format"] != FORMAT or zlib.crc32(content.encode()) != sealed["crc32"]:
            return None
        parsed = json.loads(content)
        for name, about in parsed["arrays"].items():
            file = path / f"{name}.bin"
            if file.stat().st_size != about["bytes"] or crc32_of(file) != about["crc32"]:
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Entry(path, parsed)


def crc32_of(path: Path) -> int:
    """Return the checksum of a file, read in pieces so that memory stays small."""
    checksum = 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHECK_BYTES):
            checksum = zlib.crc32(chunk, checksum)
    return checksum


@contextlib.contextmanager
def build_entry(path: Path) -> Iterator[ArrayWriter]:
    """Build the entry at ``path``: it appears when the block ends well, else nothing does.

    When another process built the same entry in the meantime, that one stays.

    Raises:
        RunError: If the folder cannot be written or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=".building-"))
    except OSError as error:
        raise unwritable(path.parent, error) from None
    writer = ArrayWriter(folder)
    try:
        yield writer
        publish(folder, path)
    except OSError as error:
        if isinstance(error, RunError):
            raise
        raise unwritable(path.parent, error) from None
    finally:
        writer.close()
        shutil.rmtree(folder, ignore_errors=True)  # gone already if it was renamed


def publish(folder: Path, path: Path) -> None:
    """Rename a finished folder into place; a damaged entry makes room, a good one stays."""
    while True:
        try:
            os.rename(folder, path)
        except OSError:
            if not path.exists():
                raise
            if open_entry(path) is not None:
                return
            aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=".building-"))
            # Another process may have moved it first; then the next round finds the place free.
            with contextlib.suppress(FileNotFoundError):
                os.rename(path, aside / "damaged")
            shutil.rmtree(aside)
        else:
            sync_folder(path.parent)
            return


def sweep(folder: Path) -> None:
    """Remove what killed processes left behind a day ago or earlier."""
    for left in folder.glob(".building-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > STALE_S:
                shutil.rmtree(left, ignore_errors=True)


def unwritable(folder: Path, error: OSError) -> RunError:
    """Say that the cache cannot be written, and how to move it."""
    return RunError(
        f"cannot write the cache {folder}: {error.strerror or error}. Free some space, or set "
        "ELMAN_CACHE to a folder with room"
    )
