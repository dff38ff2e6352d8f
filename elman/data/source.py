"""Where a text comes from: a file or a built-in text, with its size and its identity."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from elman.data.builtin import BUILTIN
from elman.data.catalog import CATALOG
from elman.data.fetch import fetched
from elman.data.text import Piece, decode_chunks, is_gzip, read_bytes, reasons

__all__ = ["Source", "open_source"]

SMALL = 1 << 26  # files up to this many bytes are known by their content


@dataclass(frozen=True)
class Source:
    """A text that can be read again and again.

    Args:
        name: A path, or the name of a built-in text.
        encoding: The encoding of its bytes.
        size: Its bytes, unpacked.
        identity: Changes whenever the text does.
    """

    name: str
    encoding: str
    size: int
    identity: str

    def read(self, boundaries: Sequence[int] = ()) -> Iterator[Piece]:
        """Return the text in pieces, cut at byte positions."""
        return decode_chunks(raw(self.name), self.encoding, self.name, boundaries)


def open_source(name: str, encoding: str = "utf-8") -> Source:
    """Find a text; a name that is known wins over a file of that name, which is ``./name``.

    Raises:
        DataError: If it is neither a built-in text, a downloaded one nor a readable file.
    """
    if name in CATALOG:
        name = str(fetched(name))
    builtin = name in BUILTIN
    if not builtin:
        path = Path(name)
        with reasons(path):
            stat = path.stat()
            large = stat.st_size > SMALL
            if large and not is_gzip(path):
                next(read_bytes(path))  # refuses what is no file
                identity = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"
                return Source(name, encoding, stat.st_size, identity)
    # What is small, or whose size is not known before it is unpacked, is read once.
    digest, size = hashlib.sha256(), 0
    for chunk in raw(name):
        digest.update(chunk)
        size += len(chunk)
    identity = digest.hexdigest()
    if builtin:
        return Source(name, "utf-8", size, f"{name} {platform.python_version()} {identity}")
    return Source(name, encoding, size, identity)


def raw(name: str) -> Iterator[bytes]:
    """Return the bytes of a text in chunks."""
    if name in BUILTIN:
        return (text.encode() for text in BUILTIN[name].texts())
    return read_bytes(Path(name))
