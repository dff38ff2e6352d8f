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
from elman._safetensors import checked_metadata, json_object

__all__ = ["FORMAT", "load_model", "model_bytes", "model_metadata"]

FORMAT = 1
"""Version of the layout of names in the file; raised when an old reader would be wrong."""

KEY = "elman"  # what elman knows of the file, as JSON, in the safetensors metadata
WHAT = "model file"  # in messages


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
    return json_object(checked_metadata(data, WHAT).get(KEY, "{}"), WHAT)


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
