"""Nested values with tensors in them <-> one safetensors file: no pickle, one typed error.

Tensors become the file's tensors; the nest around them becomes JSON in the file's metadata.
Reading trusts nothing: sizes are capped before anything is parsed, and whatever is wrong with
a file is a `RunError`. Knows nothing of what the values mean.
"""

from __future__ import annotations

import json
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from elman._errors import RunError
from elman._safetensors import checked_metadata, json_object

__all__ = ["dump_tree", "parse_tree"]

KEY = "elman.tree"
WHAT = "checkpoint"  # in messages


def dump_tree(value: Any) -> bytes:
    """Return a nest of dicts, lists, tuples, numbers, strings, None and tensors as a file.

    A tensor that occurs twice (tied weights) is stored once.

    Raises:
        TypeError: If there is anything else in the nest.
        RunError: If it would be too large for `parse_tree` to accept.

    Example:
        >>> parse_tree(dump_tree({"h": (torch.ones(2), None), 3: [0.1]}))
        {'h': (tensor([1., 1.]), None), 3: [0.1]}
    """
    tensors: dict[str, Tensor] = {}
    names: dict[object, str] = {}
    addresses: set[int] = set()

    def encode(part: Any) -> Any:
        if part is None or isinstance(part, (bool, int, float, str)):
            return part
        if isinstance(part, Tensor):
            # the same memory seen in the same way is the same tensor; an empty one has no memory
            place = (part.data_ptr(), part.shape, part.stride(), part.dtype, part.device)
            name = names.get(place) if part.numel() else None
            if name is None:
                name = names[place] = str(len(tensors))
                tensors[name] = own_copy(part, shared=part.data_ptr() in addresses)
                addresses.add(part.data_ptr())
            return {"tensor": name}
        if isinstance(part, tuple):
            return {"tuple": [encode(p) for p in part]}
        if isinstance(part, list):
            return [encode(p) for p in part]
        if isinstance(part, dict):
            return {"dict": [[encode(k), encode(v)] for k, v in part.items()]}
        raise TypeError(f"cannot store a {type(part).__name__} in a checkpoint")

    tree = json.dumps({"tree": encode(value)})
    data = save_tensors(tensors, metadata={KEY: tree})
    checked_metadata(data, WHAT)  # what could not be read back is not written
    return data


def own_copy(tensor: Tensor, shared: bool) -> Tensor:
    """Return a contiguous CPU tensor that shares its memory with nothing else stored."""
    tensor = tensor.detach()
    whole = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
    if tensor.device.type == "cpu" and tensor.is_contiguous() and whole and not shared:
        return tensor
    return tensor.to("cpu", copy=True).contiguous()


def parse_tree(data: bytes) -> Any:
    """Return the nest that `dump_tree` made a file of.

    Raises:
        RunError: If ``data`` is anything else.
    """
    metadata = checked_metadata(data, WHAT)
    try:
        return decode(json_object(metadata[KEY], WHAT)["tree"], load_tensors(data))
    except RunError:
        raise
    except (
        SafetensorError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        reason = f"{type(error).__name__}: {error}"
        raise RunError(f"not a checkpoint of elman ({reason:.200})") from None


def decode(part: Any, tensors: dict[str, Tensor]) -> Any:
    """Undo ``encode``."""
    if isinstance(part, list):
        return [decode(p, tensors) for p in part]
    if not isinstance(part, dict):
        return part
    ((kind, content),) = part.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "tuple":
        return tuple(decode(p, tensors) for p in content)
    if kind == "dict":
        return {decode(k, tensors): decode(v, tensors) for k, v in content}
    raise ValueError(f"unknown kind {kind!r}")
