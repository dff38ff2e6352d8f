"""One layer and direction on packed time, forward and backward, by calls of the compiled kernels.

Packed time (see `cpu.PackedTime`): rows sorted longest first, step after step, the ended ones
left out; N rows in all. The product with the input and the gradients of the weights are one
matrix product each over many steps, the rest goes step by step; all of it runs C++ (`csrc/`).
Where nothing must be kept, and in the gradient, time is cut into pieces that fit the caches, so
that a long sequence needs no more scratch memory than a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from elman._native import KERNELS
from elman.ops.backends.cpu_products import (
    add_product,
    array,
    empty,
    multiply,
    norm,
    norm_back,
    packed,
    packed_transposed,
    to_dlpack,
)

__all__ = ["Given", "Gradients", "Inputs", "Outputs", "gradients", "outputs", "run", "run_back"]

PIECE_BYTES = 1 << 22
"""Gates of one piece of time, where time is cut: well inside the last cache."""


class Inputs(NamedTuple):
    """What a run takes, in order.

    Shape:
        - x: ``(N, I)``; h0, c0: ``(B, H)``; weights, biases and norms as in `Weights`
        - mask: ``(B, H)``; reset: ``(N,)``; sizes: ``(T,)`` int64, rows of each step, or None: B
        - zone_h, zone_c: ``(N or 1, H or 1)``
    """

    x: Tensor
    h0: Tensor
    c0: Tensor | None
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None
    norm_ih: Tensor | None
    norm_hh: Tensor | None
    norm_c: Tensor | None
    norm_c_shift: Tensor | None
    mask: Tensor | None
    reset: Tensor | None
    sizes: Tensor | None
    zone_h: Tensor | None
    zone_c: Tensor | None
    cell: str
    steps: int
    keep: bool
    bf16: bool

    @property
    def width(self) -> int:
        """G * H."""
        return self.weight_hh.shape[0]

    @property
    def gates(self) -> int:
        """G."""
        return self.width // max(self.weight_hh.shape[1], 1)

    @property
    def bias_x(self) -> Tensor | None:
        """The bias of the input's share, and the other too where nothing stands between them."""
        if self.bias_ih is None or self.bias_h is not None:
            return self.bias_ih
        return self.bias_ih if self.bias_hh is None else self.bias_ih + self.bias_hh

    @property
    def bias_h(self) -> Tensor | None:
        """The bias of the memory's share, where it must be added there."""
        one = self.bias_ih is not None and self.cell != "gru" and self.norm_ih is None
        return None if one else self.bias_hh


class Outputs(NamedTuple):
    """What a run returns; what was not kept or does not exist is ``(0,)``.

    Shape:
        - output: ``(N, H)``; h, c: ``(B, H)``, the final state
        - gates: ``(N, G*H)``, activated; memory: ``(N, H)``, an LSTM's ``c`` after each step
        - kept: ``(N, H)``, what enters a GRU's candidate from the memory
        - standard_x, standard_h: ``(N, G*H)``, ``W_ih x`` and ``W_hh h`` in their layer norms, at
          mean 0 and variance 1
        - scale_x, scale_h: ``(N, 1)``, 1 / sqrt(variance + eps) that brought them there
        - operand: ``(N, H)``, what ``W_hh`` was multiplied by, if it is not the ``h`` before
    """

    output: Tensor
    h: Tensor
    c: Tensor
    gates: Tensor
    memory: Tensor
    kept: Tensor
    standard_x: Tensor
    standard_h: Tensor
    scale_x: Tensor
    scale_h: Tensor
    operand: Tensor


class Gradients(NamedTuple):
    """What `run_back` returns: gradients of the first `Inputs`, in order.

    What does not exist or is not wanted is ``(0,)``.
    """

    x: Tensor
    h0: Tensor
    c0: Tensor
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor
    bias_hh: Tensor
    norm_ih: Tensor
    norm_hh: Tensor
    norm_c: Tensor
    norm_c_shift: Tensor


Allocate = Callable[[Tensor, int, int], Tensor]
"""Returns a new ``(rows, columns)`` of a tensor's dtype."""


def shape_only(like: Tensor, rows: int, columns: int) -> Tensor:
    """Allocate where tensors may have no memory, as under tracing."""
    return like.new_empty(rows, columns)


def outputs(i: Inputs, allocate: Allocate = shape_only) -> Outputs:
    """Allocate the outputs; the state begins as it came."""
    rows, hidden, new = i.x.shape[0], i.h0.shape[1], i.x.new_empty
    normed = i.norm_hh is not None or i.norm_c is not None
    changed = i.mask is not None or i.reset is not None or i.sizes is not None

    def over_time(wanted: bool, columns: int) -> Tensor:
        return allocate(i.x, rows, columns) if wanted and i.keep else new(0)

    return Outputs(
        output=new(rows, hidden),
        h=i.h0.clone(memory_format=torch.contiguous_format),
        c=new(0) if i.c0 is None else i.c0.clone(memory_format=torch.contiguous_format),
        gates=over_time(True, i.width),
        memory=over_time(i.c0 is not None, hidden),
        kept=over_time(i.cell == "gru", hidden),
        standard_x=over_time(i.norm_ih is not None, i.width),
        standard_h=over_time(normed, i.width),
        scale_x=over_time(i.norm_ih is not None, 1),
        scale_h=over_time(i.norm_hh is not None, 1),
        operand=over_time(changed, hidden),
    )


class Piece(NamedTuple):
    """Some steps of packed time.

    Attributes:
        steps: Which of the T steps.
        rows: Which of the N rows.
        batch: Rows of its first step, the most of all.
        before: As many rows of the step before; none at the first step.
    """

    steps: slice
    rows: slice
    batch: int
    before: slice


def pieces(i: Inputs, whole: bool) -> Iterator[Piece]:
    """Cut time into pieces of about `PIECE_BYTES` of gates, or not at all."""
    batch = i.h0.shape[0]
    sizes = [batch] * i.steps if i.sizes is None else i.sizes.tolist()
    most = max(1, PIECE_BYTES // max(i.width * i.x.element_size(), 1))
    first = row = before = 0
    while first < i.steps:
        last, end = first, row
        while last < i.steps and (whole or last == first or end + sizes[last] - row <= most):
            end += sizes[last]
            last += 1
        n = sizes[first]
        yield Piece(slice(first, last), slice(row, end), n, slice(before, before + n * (first > 0)))
        before = end - sizes[last - 1]
        first, row = last, end


def longest(cut: list[Piece]) -> int:
    """The most rows that a piece has."""
    return max((p.rows.stop - p.rows.start for p in cut), default=0)


def rows(x: Tensor | None, piece: Piece) -> Any:
    """Hand the rows of a piece to the kernels; one row for all steps stays."""
    if x is None or x.dim() < 2 or x.shape[0] == 1:
        return array(x if x is None or x.dim() == 2 or x.numel() == 0 else x[piece.rows])
    return array(x[piece.rows])


def options(i: Inputs, piece: Piece) -> dict[str, Any]:
    """What forward and backward are given alike for a piece of time."""
    return {
        "steps": piece.steps.stop - piece.steps.start,
        "threads": torch.get_num_threads(),
        "mask": None if i.mask is None else array(i.mask[: piece.batch]),
        "sizes": None if i.sizes is None else array(i.sizes[piece.steps]),
        "reset": None if i.reset is None else array(i.reset[piece.rows]),
        "norm_h": array(i.norm_hh),
        "norm_c": array(i.norm_c),
        "norm_c_shift": array(i.norm_c_shift),
        "zone_h": rows(i.zone_h, piece),
        "zone_c": rows(i.zone_c, piece),
    }


def run(i: Inputs) -> Outputs:
    """Run over time."""
    assert KERNELS is not None  # noqa: S101 (Cpu.refuses answers for it)
    found, new = outputs(i, empty), i.x.new_empty
    weight_ih = packed(i.weight_ih, i.gates, False)
    weight_hh = packed(i.weight_hh, i.gates, i.bf16)
    bias_x, normed = i.bias_x, i.norm_hh is not None or i.norm_c is not None
    changed = i.mask is not None or i.reset is not None
    between = i.norm_ih  # what stands between the input's product and the gates
    cut = list(pieces(i, whole=i.keep or not (normed or changed or between is not None)))
    space = found.gates if i.keep or between is None else empty(i.x, longest(cut), i.width)
    for piece in cut:
        count = piece.rows.stop - piece.rows.start
        gates = space[:count]  # of x first, then activated
        x = i.x[piece.rows]
        entering = {"x": array(x), "weight_x": to_dlpack(weight_ih), "bias_x": array(bias_x)}
        if between is not None:
            entering = {"gates_x": array(gates)}
            enter_normed(i, x, weight_ih, bias_x, found, gates)
        operand, product_h = found.operand, found.standard_h
        if not i.keep:
            operand = new(count, i.h0.shape[1]) if changed else new(0)
            product_h = new(piece.batch, i.width) if normed else new(0)
        KERNELS.forward(
            i.cell,
            **options(i, piece),
            **entering,
            h0=array(found.output[piece.before] if piece.steps.start else i.h0[: piece.batch]),
            weight=array(weight_hh),
            bias=array(i.bias_h),
            output=array(found.output[piece.rows]),
            h=array(found.h[: piece.batch]),
            c=array(found.c[: piece.batch]),
            operand=array(operand),
            gates=array(gates) if i.keep else None,
            memory=array(found.memory),
            kept=array(found.kept),
            product=array(product_h),
            scale=array(found.scale_h),
        )
    return found


def enter_normed(
    i: Inputs, x: Tensor, weight: Tensor, bias: Tensor | None, found: Outputs, gates: Tensor
) -> None:
    """Write what enters from ``x (n, I)`` through its layer norm, while its rows are in cache."""
    assert i.norm_ih is not None  # noqa: S101 (asked before)
    product = found.standard_x if i.keep else gates
    for rows in bands(i, x.shape[0]):
        scale = found.scale_x[rows] if i.keep else found.scale_x
        multiply(i.gates, x[rows], weight, None, product[rows])
        norm(product[rows], i.norm_ih, bias, scale, gates[rows])


def bands(i: Inputs, count: int) -> Iterator[slice]:
    """Cut rows into runs of about `PIECE_BYTES` of gates."""
    most = max(1, PIECE_BYTES // max(i.width * i.x.element_size(), 1))
    for first in range(0, count, most):
        yield slice(first, min(first + most, count))


class Given(NamedTuple):
    """Gradients of the differentiable `Outputs`; ``None`` is zero."""

    output: Tensor | None
    h: Tensor | None
    c: Tensor | None
    gates: Tensor | None
    memory: Tensor | None


def begun(gradient: Tensor | None, state: Tensor) -> Tensor:
    """The gradient of the final state, to be carried back to the first in place."""
    if gradient is None:
        return torch.zeros_like(state, memory_format=torch.contiguous_format)
    return gradient.clone(memory_format=torch.contiguous_format)


def gradients(i: Inputs, given: Given, wanted: list[bool]) -> Gradients:
    """Allocate the gradients: sums begin at zero, the state's as those of the final state."""
    found = []
    for name, want in zip(Gradients._fields, wanted, strict=True):
        value: Tensor | None = getattr(i, name)
        if not want or value is None:
            found.append(i.x.new_empty(0))
        elif name in ("h0", "c0"):
            found.append(begun(given.h if name == "h0" else given.c, value))
        elif name == "x":
            found.append(i.x.new_empty(i.x.shape))
        else:
            found.append(torch.zeros_like(value, memory_format=torch.contiguous_format))
    return Gradients(*found)


def run_back(i: Inputs, kept: Outputs, given: Given, wanted: list[bool]) -> Gradients:
    """Return the gradients of what is wanted, from those of what `run` returned."""
    assert KERNELS is not None  # noqa: S101
    d, new = gradients(i, given, wanted), i.x.new_empty
    d_h = d.h0 if wanted[1] else begun(given.h, i.h0)
    d_c = d.c0 if i.c0 is None or wanted[2] else begun(given.c, i.c0)
    weight_hh = packed_transposed(i.weight_hh)
    weight_ih = packed_transposed(i.weight_ih) if wanted[0] else None
    cut, gru = list(pieces(i, whole=False)), i.cell == "gru"
    space_x = empty(i.x, longest(cut), i.width)
    space_h = empty(i.x, longest(cut), i.width) if gru else space_x
    for piece in reversed(cut):
        count, later = piece.rows.stop - piece.rows.start, piece.steps.start > 0
        d_gates_x, d_gates_h = space_x[:count], space_h[:count]
        d_product = d_gates_h if i.norm_hh is None else new(count, i.width)
        h0 = kept.output[piece.before] if later else i.h0[: piece.batch]
        c0 = None
        if i.c0 is not None:
            c0 = kept.memory[piece.before] if later else i.c0[: piece.batch]
        KERNELS.backward(
            i.cell,
            **options(i, piece),
            h0=array(h0),
            c0=array(c0),
            weight=array(weight_hh),
            output=rows(kept.output, piece),
            gates=rows(kept.gates, piece),
            memory=rows(kept.memory, piece),
            kept=rows(kept.kept, piece),
            product=None if i.norm_hh is None else rows(kept.standard_h, piece),
            scale=rows(kept.scale_h, piece),
            d_output=rows(given.output, piece),
            d_memory=rows(given.memory, piece),
            d_gates=rows(given.gates, piece),
            d_h=array(d_h[: piece.batch]),
            d_c=array(d_c[: piece.batch]),
            d_gates_x=array(d_gates_x),
            d_gates_h=array(d_gates_h) if gru else None,
            d_product=None if i.norm_hh is None else array(d_product),
            d_norm_h=array(d.norm_hh),
            d_norm_c=array(d.norm_c),
            d_norm_c_shift=array(d.norm_c_shift),
        )
        sums_x = d.bias_ih if d.bias_ih.numel() or gru else d.bias_hh  # the others' are alike
        with_x = i.norm_ih is None and d.weight_ih.dim() == 2
        with_h = gru and i.norm_hh is None and d.weight_hh.dim() == 2
        if d.weight_hh.dim() == 2:
            for left, right in operands(kept, h0, d_product, piece):
                add_product(left, right, d.weight_hh, d.bias_hh if with_h else None)
        if sums_x.numel() and not with_x:
            sums_x.add_(d_gates_x.sum(0))
        if gru and d.bias_hh.numel() and not with_h:
            d.bias_hh.add_(d_gates_h.sum(0))
        if i.norm_ih is not None:
            standard, scale = kept.standard_x[piece.rows], kept.scale_x[piece.rows]
            norm_back(d_gates_x, standard, scale, i.norm_ih, d.norm_ih)
        if d.weight_ih.dim() == 2:
            add_product(d_gates_x, i.x[piece.rows], d.weight_ih, sums_x if with_x else None)
        if weight_ih is not None:
            multiply(1, d_gates_x, weight_ih, None, d.x[piece.rows])
    if not gru and d.bias_ih.numel() and d.bias_hh.numel():
        d.bias_hh.copy_(d.bias_ih)
    return d


def operands(
    kept: Outputs, h0: Tensor, d_product: Tensor, piece: Piece
) -> Iterator[tuple[Tensor, Tensor]]:
    """Pair the gradient of ``W_hh``'s product with what it was multiplied by."""
    if kept.operand.dim() == 2:
        yield d_product, kept.operand[piece.rows]
        return
    batch = piece.batch  # all rows are T long, and each h is the operand of the next step
    yield d_product[:batch], h0
    yield d_product[batch:], kept.output[piece.rows.start : piece.rows.stop - batch]
