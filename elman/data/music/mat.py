"""Arrays and cells of arrays from a MATLAB 5 file, as published piano rolls come. No SciPy.

Read are numbers, full and real, and cells of such; anything else in the file is refused.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError

__all__ = ["read_mat"]

Array = NDArray[Any]
TYPES = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4"},
    **{7: "f4", 9: "f8", 12: "i8", 13: "u8"},
}
MATRIX, COMPRESSED = 14, 15
CELL, NUMERIC = 1, range(6, 16)
MOST_BYTES = 1 << 30


def read_mat(content: bytes, name: str | Path = "the file") -> dict[str, Array | list[Array]]:
    """Return the variables of a file by name; a cell is a list of its arrays.

    Raises:
        DataError: If it is damaged, or holds something else.

    Source:
        MAT-File Format, The MathWorks, "Level 5".
    """
    try:
        mark = content[126:128]
        if len(content) < 128 or mark not in (b"IM", b"MI"):
            raise DataError("expected a MATLAB 5 file (saved as -v7 or before)")
        order = "<" if mark == b"IM" else ">"
        found = {}
        for kind, body in elements(content, 128, order):
            if kind == COMPRESSED:
                [(kind, body)] = elements(inflated(body), 0, order)
            if kind == MATRIX:
                variable, value = matrix(body, order)
                found[variable] = value
        return found
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    except (struct.error, zlib.error, ValueError, IndexError, KeyError) as error:
        raise DataError(f"{name}: damaged MATLAB file: {error}") from None


def inflated(body: bytes) -> bytes:
    """Return what was packed; a part of it that says it is endless is not believed."""
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(body, MOST_BYTES)
    if unpacker.unconsumed_tail:
        raise DataError(f"a variable takes more than {MOST_BYTES >> 20} MB")
    return found


def elements(content: bytes, place: int, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the bytes of each element."""
    while place + 8 <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, place)
        if kind >> 16:  # a small one: its size is in the upper half, its data in the tag
            kind, size = kind & 0xFFFF, kind >> 16
            yield kind, content[place + 4 : place + 4 + size]
            place += 8
            continue
        if place + 8 + size > len(content):
            raise DataError(f"it ends at byte {len(content)}, in the middle of a variable")
        yield kind, content[place + 8 : place + 8 + size]
        place += 8 + size + (0 if kind == COMPRESSED else -size % 8)


def matrix(body: bytes, order: str, *, inside: bool = False) -> tuple[str, Array | list[Array]]:
    """Return a variable's name and value."""
    flags, shape, name, *parts = elements(body, 0, order)
    kind = struct.unpack_from(f"{order}I", flags[1])[0] & 0xFF
    title = name[1].decode("latin-1")
    sizes = numbers(shape, order)
    if kind == CELL and not inside:
        values = [matrix(part, order, inside=True)[1] for _, part in parts]
        return title, [value for value in values if isinstance(value, np.ndarray)]
    if kind not in NUMERIC:
        raise DataError(f"variable '{title}' is neither numbers nor a cell of numbers")
    values_of = numbers(parts[0], order)
    if math.prod(int(size) for size in sizes) != values_of.size:
        raise DataError(f"variable '{title}' has {values_of.size} numbers for {list(sizes)}")
    return title, values_of.reshape([int(size) for size in sizes], order="F")


def numbers(element: tuple[int, bytes], order: str) -> Array:
    """Return an element's numbers."""
    kind, body = element
    return np.frombuffer(body, order + TYPES[kind])
