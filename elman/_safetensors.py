"""The header of a safetensors file, read with suspicion before anything else is.

The format is safe to parse but its reader accepts keys given twice and headers of 100 MB. Here
a file that may come from a stranger is checked first: its kind, its header's size, its number of
tensors, every key once. Knows bytes and JSON alone.
"""

from __future__ import annotations

import json
from typing import Any

from elman._errors import RunError

__all__ = ["MAX_HEADER_BYTES", "MAX_TENSORS", "checked_metadata", "json_object"]

MAX_HEADER_BYTES = 4 << 20
"""A model of 20,000 tensors needs about 2 MB."""
MAX_TENSORS = 20_000
LENGTH_BYTES = 8
"""A file begins with its header's length, little endian."""


def checked_metadata(data: bytes, what: str) -> dict[str, str]:
    """Return the text that a safetensors file says of itself, once its header is sound.

    Args:
        data: The file, whole.
        what: What it is called in messages: ``"model file"``.

    Raises:
        RunError: If the bytes are a pickle, a zip, cut off, or have a header beyond the limits.

    Example:
        >>> import safetensors.numpy
        >>> data = safetensors.numpy.save({"w": np.zeros(2)}, {"made by": "elman"})
        >>> checked_metadata(data, "model file")
        {'made by': 'elman'}
    """
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    whole = LENGTH_BYTES + length <= len(data)
    # A header's length may begin with a pickle's byte, but then the rest of it fits the file.
    if not whole and (data[:2] == b"PK" or data[:1] == b"\x80"):
        kind = "zip" if data[:2] == b"PK" else "pickle"
        raise RunError(
            f"{what}: a {kind}, as torch.save writes. Loading one can run code, so elman "
            "never does; save its state_dict with safetensors"
        )
    if length > MAX_HEADER_BYTES:
        raise RunError(f"{what}: a header of {length} bytes; at most {MAX_HEADER_BYTES} are read")
    if not whole or len(data) < LENGTH_BYTES:
        raise RunError(
            f"{what}: {len(data)} bytes are cut off, or no safetensors file. Restore it from a copy"
        )
    header = json_object(data[LENGTH_BYTES : LENGTH_BYTES + length], what)
    if len(header) > MAX_TENSORS + 1:
        raise RunError(f"{what}: {len(header)} tensors; at most {MAX_TENSORS} are read")
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise RunError(f"{what}: damaged header: no table of texts. Restore it from a copy")
    return metadata


def json_object(text: bytes | str, what: str) -> dict[str, Any]:
    """Parse a JSON object, each of its keys once: readers would disagree on which counts.

    Raises:
        RunError: If it is anything else.
    """
    try:
        found = json.loads(text, object_pairs_hook=distinct)
    except (ValueError, RecursionError) as error:  # JSON, UTF-8 or a key that stands there twice
        raise RunError(f"{what}: damaged header: {error}. Restore it from a copy") from None
    if not isinstance(found, dict):
        raise RunError(f"{what}: damaged header: no table of names. Restore it from a copy")
    return found


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object, refusing a key that stands in it twice."""
    table = dict(pairs)
    if len(table) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands there twice")
    return table
