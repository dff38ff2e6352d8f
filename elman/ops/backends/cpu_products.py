"""From tensors to the compiled kernels: packed weights, and the matrix products with them.

A kernel reads weights in an order of its own (`csrc/pack.h`). Packing costs one pass over them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elman._errors import DataError
from elman._native import KERNELS

__all__ = [
    "add_product",
    "array",
    "empty",
    "multiply",
    "norm",
    "norm_back",
    "packed",
    "packed_transposed",
    "to_dlpack",
]

LARGE_PAGE = 2 << 20
"""Bytes; as in `csrc/pages.h`."""

to_dlpack = torch.utils.dlpack.to_dlpack  # type: ignore[attr-defined]


def array(x: Tensor | None) -> Any:
    """Hand a tensor to the kernels; ``(0,)`` stands for none, and gaps are closed by a copy."""
    return None if x is None or (x.dim() == 1 and x.numel() == 0) else to_dlpack(x.contiguous())


def empty(like: Tensor, rows: int, columns: int) -> Tensor:
    """Return memory to write ``(rows, columns)`` to, on large pages where it is large.

    A fresh page of memory costs a fault at its first use, which for pages of 4 KB takes longer
    than to compute what is written there. The kernels ask for large pages (`csrc/pages.h`), which
    need a place that begins and ends where such a page does. For scratch and for what a gradient
    keeps; not for what a caller gets, who might save it with all its storage.
    """
    size = like.element_size()
    if rows * columns * size < LARGE_PAGE:
        return like.new_empty(rows, columns)
    pages = -(-rows * columns * size // LARGE_PAGE)
    full = like.new_empty((pages + 1) * LARGE_PAGE // size)
    first = -full.data_ptr() % LARGE_PAGE // size
    whole = full[first : first + pages * LARGE_PAGE // size]
    assert KERNELS is not None  # noqa: S101
    KERNELS.ask_for_large_pages(to_dlpack(whole))
    return whole[: rows * columns].view(rows, columns)


def multiply(gates: int, x: Tensor, weight: Tensor, bias: Tensor | None, y: Tensor) -> None:
    """``y = x @ weight.T + bias`` with a packed weight."""
    assert KERNELS is not None  # noqa: S101
    threads = torch.get_num_threads()
    KERNELS.multiply(gates, array(x), to_dlpack(weight), array(bias), to_dlpack(y), threads)


def add_product(d: Tensor, x: Tensor, y: Tensor, total: Tensor | None = None) -> None:
    """``y += d.T @ x`` and, if it is given, ``total += d.sum(0)``."""
    assert KERNELS is not None  # noqa: S101
    KERNELS.add_product(array(d), array(x), to_dlpack(y), torch.get_num_threads(), array(total))


def norm(x: Tensor, gain: Tensor, shift: Tensor | None, scale: Tensor, y: Tensor) -> None:
    """``y`` = layer norm of ``x``, which is left at mean 0 and variance 1 unless ``y`` is ``x``."""
    assert KERNELS is not None  # noqa: S101
    threads = torch.get_num_threads()
    KERNELS.norm(array(x), array(gain), array(shift), array(scale), array(y), threads)


def norm_back(d: Tensor, standard: Tensor, scale: Tensor, gain: Tensor, d_gain: Tensor) -> None:
    """Turn ``d``, the gradient after `norm`, to that before it; add the gain's to ``d_gain``."""
    assert KERNELS is not None  # noqa: S101
    threads = torch.get_num_threads()
    scales, gains = array(scale), array(gain)
    KERNELS.norm_back(array(d), array(standard), scales, gains, array(d_gain), threads)


def packed(weight: Tensor, gates: int, bf16: bool) -> Tensor:
    """Pack a weight for forward.

    Anew at each call: torch's fused optimisers change a tensor without raising its version, so
    nothing tells that a kept copy is old. Whoever steps with the same weights for long uses
    `elman.runtime.Stepper`, which owns its copy.

    Raises:
        DataError: If a value of the weight is NaN or infinite.
    """
    assert KERNELS is not None  # noqa: S101
    dtype = torch.bfloat16 if bf16 else weight.dtype
    units, inputs = weight.shape[0] // max(gates, 1), weight.shape[1]
    size = KERNELS.packed_size(gates, units, inputs, str(dtype).removeprefix("torch."))
    full = weight.new_empty(size, dtype=dtype)
    threads = torch.get_num_threads()
    try:
        KERNELS.pack(gates, to_dlpack(weight.contiguous()), to_dlpack(full), threads)
    except ValueError as error:
        raise DataError(
            f"{error}, in the weight of shape {tuple(weight.shape)}; "
            "has a training diverged, or a file been damaged?"
        ) from None
    return full


def packed_transposed(weight: Tensor) -> Tensor:
    """Pack a weight for the way back."""
    assert KERNELS is not None  # noqa: S101
    inputs, units = weight.shape
    dtype = str(weight.dtype).removeprefix("torch.")
    full = weight.new_empty(KERNELS.packed_size(1, units, inputs, dtype))
    threads = torch.get_num_threads()
    KERNELS.pack_transposed(to_dlpack(weight.contiguous()), to_dlpack(full), threads)
    return full
