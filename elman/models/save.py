"""A model's parameters as the bytes of a safetensors file, and back.

Bytes in, bytes out: where files are and whether they are whole is `elman._run`'s business. The
header is read here first, with limits, because a file may come from a stranger; nothing that
could run code is ever read.
"""

from __future__ import annotations

import json
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from elman._errors import RunError

__all__ = ["FORMAT", "load_model", "model_bytes", "model_metadata"]

FORMAT = 1
"""Version of the layout of names in the file; raised when an old reader would be wrong."""

KEY = "elman"  # what elman knows of the file, as JSON, in the safetensors metadata
MAX_HEADER = 4 << 20  # bytes; a model of 20,000 tensors needs about 2 MB
MAX_TENSORS = 20_000


def model_bytes(model: nn.Module) -> bytes:
    """Return a model's parameters as a safetensors file; a shared tensor is stored once.

    The metadata names the class, the format and, where the model has one, ``vocab_size``. The
    same parameters always give the same bytes.

    Example:
        >>> model_metadata(model_bytes(torch.nn.Linear(2, 3)))
        {'class': 'Linear', 'format': 1}
    """
    facts: dict[str, Any] = {"class": type(model).__name__, "format": FORMAT}
    if (vocab_size := getattr(model, "vocab_size", None)) is not None:
        facts["vocab_size"] = vocab_size
    tensors = {name: t.detach().cpu().contiguous() for name, t in stored(model).items()}
    # One key, because safetensors writes several in an order that changes from call to call.
    return safetensors.torch.save(tensors, {KEY: json.dumps(facts)})


def load_model(model: nn.Module, data: bytes) -> None:
    """Copy the parameters of a safetensors file into a model, all of them or none.

    Raises:
        RunError: If the bytes are not a safetensors file written for this class and format, or
            the first name, shape or dtype that does not fit.
    """
    facts = model_metadata(data)
    if facts.get("format") != FORMAT:
        raise RunError(
            f"model file: format {facts.get('format')!r} is not {FORMAT}; it was written by "
            "another version of elman, or not by elman"
        )
    if facts.get("class") != type(model).__name__:
        raise RunError(
            f"model file: holds a {facts.get('class')!r}, expected a '{type(model).__name__}'"
        )
    try:
        tensors = safetensors.torch.load(data)
    except (SafetensorError, KeyError, ValueError) as error:  # KeyError: a dtype torch has not
        raise RunError(f"model file: damaged: {error}. Restore it from a copy") from None
    wanted = stored(model)
    check_fit(wanted, tensors)
    with torch.no_grad():
        for name, parameter in wanted.items():
            parameter.copy_(tensors[name])


def model_metadata(data: bytes) -> dict[str, Any]:
    """Return what a model file says of itself, after checking that its header is sound.

    Empty for a safetensors file that elman did not write.

    Raises:
        RunError: If the bytes are a pickle, a zip, cut off, or have a header beyond the limits.
    """
    if data[:2] == b"PK" or data[:1] == b"\x80":
        kind = "zip" if data[:2] == b"PK" else "pickle"
        raise RunError(
            f"model file: a {kind}, as torch.save writes. Loading one can run code, so elman "
            "never does; save its state_dict with safetensors"
        )
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise RunError(
            f"model file: {len(data)} bytes are cut off, or no safetensors file. "
            "Restore it from a copy"
        )
    if length > MAX_HEADER:
        raise RunError(f"model file: a header of {length} bytes; at most {MAX_HEADER} are read")
    header = json_object(data[8 : 8 + length])
    if len(header) > MAX_TENSORS + 1:
        raise RunError(f"model file: {len(header)} tensors; at most {MAX_TENSORS} are read")
    metadata = header.get("__metadata__", {})
    facts = metadata.get(KEY, "{}") if isinstance(metadata, dict) else None
    return json_object(facts.encode() if isinstance(facts, str) else b"null")


def json_object(text: bytes) -> dict[str, Any]:
    """Parse a part of the header: an object, each of its keys once."""
    try:
        found = json.loads(text, object_pairs_hook=distinct)
    except (ValueError, RecursionError) as error:  # JSON, UTF-8 or a key that stands there twice
        raise RunError(f"model file: damaged header: {error}. Restore it from a copy") from None
    if not isinstance(found, dict):
        raise RunError("model file: damaged header: no table of names. Restore it from a copy")
    return found


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object, refusing a key that stands in it twice."""
    table = dict(pairs)
    if len(table) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands there twice")
    return table


def stored(model: nn.Module) -> dict[str, Tensor]:
    """Return name to tensor of what a model keeps, each tensor under its first name alone."""
    tensors: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in model.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            tensors[name] = tensor
    return tensors


def check_fit(wanted: dict[str, Tensor], came: dict[str, Tensor]) -> None:
    """Raise at the first tensor that is missing, has another shape or dtype, or is unknown."""
    for name, tensor in wanted.items():
        if name not in came:
            raise RunError(f"model file: '{name}' is missing; was it trained with this config?")
        for what, want, have in (
            ("shape", tuple(tensor.shape), tuple(came[name].shape)),
            ("dtype", tensor.dtype, came[name].dtype),
        ):
            if want != have:
                raise RunError(
                    f"model file: '{name}' has {what} {have}, expected {want}; "
                    "was it trained with this config?"
                )
    for name in sorted(came):
        if name not in wanted:
            raise RunError(f"model file: '{name}' is unknown; was it trained with this config?")
