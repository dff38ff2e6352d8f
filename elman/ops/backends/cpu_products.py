"""From tensors to the compiled kernels: packed weights, and the matrix products with them.

A kernel reads weights in an order of its own (`csrc/pack.h`). Packing costs one pass over them;
in inference, where the same weights are used again and again, it is done once.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from elman._native import KERNELS

__all__ = ["add_product", "array", "multiply", "packed", "packed_transposed"]

to_dlpack = torch.utils.dlpack.to_dlpack  # type: ignore[attr-defined]


def array(x: Tensor | None) -> Any:
    """Hand a tensor to the kernels; ``(0,)`` stands for none, and gaps are closed by a copy."""
    return None if x is None or (x.dim() == 1 and x.numel() == 0) else to_dlpack(x.contiguous())


def multiply(gates: int, x: Tensor, weight: Tensor, bias: Tensor | None, y: Tensor) -> None:
    """``y = x @ weight.T + bias`` with a packed weight."""
    assert KERNELS is not None  # noqa: S101
    threads = torch.get_num_threads()
    KERNELS.multiply(gates, array(x), to_dlpack(weight), array(bias), to_dlpack(y), threads)


def add_product(d: Tensor, x: Tensor, y: Tensor) -> None:
    """``y += d.T @ x``."""
    assert KERNELS is not None  # noqa: S101
    KERNELS.add_product(array(d), array(x), to_dlpack(y), torch.get_num_threads())


PACKED: MutableMapping[Tensor, tuple[object, Tensor]] = WeakTensorKeyDictionary()


def packed(weight: Tensor, gates: int, bf16: bool, cached: bool) -> Tensor:
    """Pack a weight for forward; in inference only where it was not packed since its last change.

    As in autograd, a write through ``.data`` is not seen as a change.
    """
    assert KERNELS is not None  # noqa: S101
    key = None
    if cached and not weight.is_inference():
        key = (weight.data_ptr(), weight._version, gates, bf16)
        if (found := PACKED.get(weight)) is not None and found[0] == key:
            return found[1]
    dtype = torch.bfloat16 if bf16 else weight.dtype
    units, inputs = weight.shape[0] // max(gates, 1), weight.shape[1]
    size = KERNELS.packed_size(gates, units, inputs, str(dtype).removeprefix("torch."))
    full = weight.new_empty(size, dtype=dtype)
    KERNELS.pack(gates, to_dlpack(weight.contiguous()), to_dlpack(full))
    if key is not None:
        PACKED[weight] = (key, full)
    return full


def packed_transposed(weight: Tensor) -> Tensor:
    """Pack a weight for the way back."""
    assert KERNELS is not None  # noqa: S101
    inputs, units = weight.shape
    dtype = str(weight.dtype).removeprefix("torch.")
    full = weight.new_empty(KERNELS.packed_size(1, units, inputs, dtype))
    KERNELS.pack_transposed(to_dlpack(weight.contiguous()), to_dlpack(full))
    return full
