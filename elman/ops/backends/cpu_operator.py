"""``elman::recurrence`` and ``elman::recurrence_backward``: the kernels as operators of torch.

A run on packed time (see `cpu.PackedTime`): rows sorted longest first, step after step, the
ended ones left out; N rows in all. One operator does a layer and direction whole: the product
with the input and the gradients of the weights are one matrix product each over all steps, the
rest goes step by step; all of it runs C++ (`csrc/`). Where nothing must be kept, and in the
gradient, time is cut into pieces that fit the caches, so a long sequence costs no more memory
than a short one.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.dlpack import to_dlpack
from torch.utils.weak import WeakTensorKeyDictionary

from elman._errors import BackendUnavailable
from elman._native import KERNELS
from elman.ops.reference import NORM_EPS

__all__ = ["Inputs", "Outputs"]

PIECE_BYTES = 1 << 22
"""Gates of one piece of time, where time is cut: well inside the last cache."""


class Inputs(NamedTuple):
    """What ``elman::recurrence`` takes, in order.

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
    """What ``elman::recurrence`` returns; what was not kept or does not exist is ``(0,)``.

    Shape:
        - output: ``(N, H)``; h, c: ``(B, H)``, the final state
        - gates: ``(N, G*H)``, activated; memory: ``(N, H)``, an LSTM's ``c`` after each step
        - kept: ``(N, H)``, what enters a GRU's candidate from the memory
        - product_x, product_h: ``(N, G*H)``, ``W_ih x`` and ``W_hh h`` before their layer norms
        - operand: ``(N, H)``, what ``W_hh`` was multiplied by, if it is not the ``h`` before
    """

    output: Tensor
    h: Tensor
    c: Tensor
    gates: Tensor
    memory: Tensor
    kept: Tensor
    product_x: Tensor
    product_h: Tensor
    operand: Tensor


class Gradients(NamedTuple):
    """What ``elman::recurrence_backward`` returns: gradients of the first `Inputs`, in order.

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


def array(x: Tensor | None) -> Any:
    """Hand a tensor to the kernels; ``(0,)`` stands for none, and gaps are closed by a copy."""
    return None if x is None or (x.dim() == 1 and x.numel() == 0) else to_dlpack(x.contiguous())


def outputs(i: Inputs) -> Outputs:
    """Allocate the outputs; the state begins as it came."""
    rows, hidden, new = i.x.shape[0], i.h0.shape[1], i.x.new_empty
    normed = i.norm_hh is not None or i.norm_c is not None
    changed = i.mask is not None or i.reset is not None or i.sizes is not None

    def over_time(wanted: bool, columns: int) -> Tensor:
        return new(rows, columns) if wanted and i.keep else new(0)

    return Outputs(
        output=new(rows, hidden),
        h=i.h0.clone(memory_format=torch.contiguous_format),
        c=new(0) if i.c0 is None else i.c0.clone(memory_format=torch.contiguous_format),
        gates=over_time(True, i.width),
        memory=over_time(i.c0 is not None, hidden),
        kept=over_time(i.cell == "gru", hidden),
        product_x=over_time(i.norm_ih is not None, i.width),
        product_h=over_time(normed, i.width),
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


def recurrence_cpu(*args: Any) -> Outputs:
    """Run ``elman::recurrence``."""
    assert KERNELS is not None  # noqa: S101 (refuses() answers for it)
    i = Inputs(*args)
    found, new = outputs(i), i.x.new_empty
    weight_ih = packed(i.weight_ih, i.gates, False, cached=not i.keep)
    weight_hh = packed(i.weight_hh, i.gates, i.bf16, cached=not i.keep)
    bias_x, normed = i.bias_x, i.norm_hh is not None or i.norm_c is not None
    for piece in pieces(i, whole=i.keep):
        count = piece.rows.stop - piece.rows.start
        gates = found.gates if i.keep else new(count, i.width)  # of x first, then activated
        if i.norm_ih is None:
            multiply(i.gates, i.x[piece.rows], weight_ih, bias_x, gates)
        else:
            product_x = found.product_x if i.keep else new(count, i.width)
            multiply(i.gates, i.x[piece.rows], weight_ih, None, product_x)
            gates.copy_(F.layer_norm(product_x, i.norm_ih.shape, i.norm_ih, bias_x, NORM_EPS))
        operand, product_h = found.operand, found.product_h
        if not i.keep:
            changed = i.mask is not None or i.reset is not None
            operand = new(count, i.h0.shape[1]) if changed else new(0)
            product_h = new(piece.batch, i.width) if normed else new(0)
        KERNELS.forward(
            i.cell,
            **options(i, piece),
            gates_x=array(gates),
            h0=array(found.output[piece.before] if piece.steps.start else i.h0[: piece.batch]),
            weight=to_dlpack(weight_hh),
            bias=array(i.bias_h),
            output=array(found.output[piece.rows]),
            h=array(found.h[: piece.batch]),
            c=array(found.c[: piece.batch]),
            operand=array(operand),
            gates=array(gates) if i.keep else None,
            memory=array(found.memory),
            kept=array(found.kept),
            product=array(product_h),
        )
    return found


class Given(NamedTuple):
    """Gradients of the differentiable `Outputs`; ``None`` is zero."""

    output: Tensor | None
    h: Tensor | None
    c: Tensor | None
    gates: Tensor | None
    memory: Tensor | None


def unpack_backward(args: tuple[Any, ...]) -> tuple[Inputs, Outputs, Given, list[bool]]:
    """Name the arguments of ``elman::recurrence_backward``."""
    n, m = len(Inputs._fields), len(Outputs._fields)
    return Inputs(*args[:n]), Outputs(*args[n : n + m]), Given(*args[n + m : -1]), args[-1]


def begun(gradient: Tensor | None, state: Tensor) -> Tensor:
    """The gradient of the final state, to be carried back to the first in place."""
    if gradient is None:
        return torch.zeros_like(state, memory_format=torch.contiguous_format)
    return gradient.clone(memory_format=torch.contiguous_format)


def gradients(i: Inputs, given: Given, wanted: list[bool]) -> Gradients:
    """Allocate the gradients: sums begin at zero, the state's as those of the final state."""
    found = []
    for name, value, want in zip(Gradients._fields, i, wanted, strict=False):
        if not want or value is None:
            found.append(i.x.new_empty(0))
        elif name in ("h0", "c0"):
            found.append(begun(given.h if name == "h0" else given.c, value))
        elif name == "x":
            found.append(i.x.new_empty(i.x.shape))
        else:
            found.append(torch.zeros_like(value, memory_format=torch.contiguous_format))
    return Gradients(*found)


def recurrence_backward_cpu(*args: Any) -> Gradients:
    """Run ``elman::recurrence_backward``."""
    assert KERNELS is not None  # noqa: S101
    i, kept, given, wanted = unpack_backward(args)
    d, new, hidden = gradients(i, given, wanted), i.x.new_empty, i.h0.shape[1]
    d_h = d.h0 if wanted[1] else begun(given.h, i.h0)
    d_c = d.c0 if i.c0 is None or wanted[2] else begun(given.c, i.c0)
    weight_hh = packed_transposed(i.weight_hh)
    weight_ih = packed_transposed(i.weight_ih) if wanted[0] else None
    for piece in reversed(list(pieces(i, whole=False))):
        count, later = piece.rows.stop - piece.rows.start, piece.steps.start > 0
        d_gates_x = new(count, i.width)
        d_gates_h = new(count, i.width) if i.cell == "gru" else d_gates_x
        d_product = d_gates_h if i.norm_hh is None else new(count, i.width)
        d_normed_c = standard_c = new(0)
        if i.norm_c is not None:
            d_normed_c, standard_c = new(count, hidden), new(count, hidden)
        h0 = kept.output[piece.before] if later else i.h0[: piece.batch]
        c0 = None
        if i.c0 is not None:
            c0 = kept.memory[piece.before] if later else i.c0[: piece.batch]
        KERNELS.backward(
            i.cell,
            **options(i, piece),
            h0=array(h0),
            c0=array(c0),
            weight=to_dlpack(weight_hh),
            output=rows(kept.output, piece),
            gates=rows(kept.gates, piece),
            memory=rows(kept.memory, piece),
            kept=rows(kept.kept, piece),
            product=None if i.norm_hh is None else rows(kept.product_h, piece),
            d_output=rows(given.output, piece),
            d_memory=rows(given.memory, piece),
            d_gates=rows(given.gates, piece),
            d_h=array(d_h[: piece.batch]),
            d_c=array(d_c[: piece.batch]),
            d_gates_x=array(d_gates_x),
            d_gates_h=array(d_gates_h) if i.cell == "gru" else None,
            d_product=None if i.norm_hh is None else array(d_product),
            d_normed_c=array(d_normed_c),
            standard_c=array(standard_c),
        )
        if d.weight_hh.dim() == 2:
            for left, right in operands(kept, h0, d_product, piece):
                add_product(left, right, d.weight_hh)
        if d.bias_hh.numel():
            d.bias_hh.add_(d_gates_h.sum(0))
        if d.norm_hh.numel():
            standard = F.layer_norm(kept.product_h[piece.rows], d.norm_hh.shape, eps=NORM_EPS)
            d.norm_hh.add_((d_gates_h * standard).sum(0))
        if d.norm_c.numel():
            d.norm_c.add_((d_normed_c * standard_c).sum(0))
        if d.norm_c_shift.numel():
            d.norm_c_shift.add_(d_normed_c.sum(0))
        if d.bias_ih.numel():
            d.bias_ih.add_(d_gates_x.sum(0))
        if i.norm_ih is not None:
            d_gates_x = norm_back(d_gates_x, kept.product_x[piece.rows], i.norm_ih, d.norm_ih)
        if d.weight_ih.dim() == 2:
            add_product(d_gates_x, i.x[piece.rows], d.weight_ih)
        if weight_ih is not None:
            multiply(1, d_gates_x, weight_ih, None, d.x[piece.rows])
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


def norm_back(d: Tensor, product: Tensor, gain: Tensor, d_gain: Tensor) -> Tensor:
    """Return the gradient before a layer norm, and add the gain's to ``d_gain`` if it is wanted."""
    _, mean, scale = torch.native_layer_norm(product, gain.shape, gain, None, NORM_EPS)
    before, of_gain, _ = torch.ops.aten.native_layer_norm_backward(
        d, product, gain.shape, mean, scale, gain, None, [True, True, False]
    )
    if d_gain.numel():
        d_gain.add_(of_gain)
    result: Tensor = before
    return result


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


def recurrence_fake(*args: Any) -> Outputs:
    """Shapes of ``elman::recurrence`` without running it."""
    return outputs(Inputs(*args))


def recurrence_backward_fake(*args: Any) -> Gradients:
    """Shapes of ``elman::recurrence_backward`` without running it."""
    i, _, given, wanted = unpack_backward(args)
    return gradients(i, given, wanted)


def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    """Keep what the gradient needs: the inputs, the gates, the states."""
    i = Inputs(*inputs)
    if not i.keep:
        return
    ctx.rest = inputs[-4:]
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(*inputs[:-4], *output)


def recurrence_gradient(ctx: Any, *d: Tensor | None) -> tuple[Tensor | None, ...]:
    """Gradient of ``elman::recurrence``."""
    wanted = list(ctx.needs_input_grad[: len(Gradients._fields)])
    n = len(Inputs._fields) - 4
    tensors = ctx.saved_tensors
    found = torch.ops.elman.recurrence_backward(
        *tensors[:n], *ctx.rest, *tensors[n:], *d[: len(Given._fields)], wanted
    )
    given = [g if want else None for g, want in zip(found, wanted, strict=True)]
    return (*given, *[None] * (len(Inputs._fields) - len(given)))


def no_second_gradient(ctx: Any, *d: Any) -> Any:
    """Refuse to differentiate the gradient."""
    raise BackendUnavailable(
        "backend 'cpu' has no second derivative; use backend='reference', "
        "which is differentiable twice"
    )


NEEDED = ("x", "h0", "weight_ih", "weight_hh")
SCALARS = {"cell": "str", "steps": "int", "keep": "bool", "bf16": "bool"}


def schema(names: tuple[str, ...], results: tuple[str, ...], last: str = "") -> str:
    """Write a schema: tensors are optional but for `NEEDED`, results are all tensors."""
    kinds = (f"{SCALARS.get(n, 'Tensor' if n in NEEDED else 'Tensor?')} {n}" for n in names)
    return f"({', '.join(kinds)}{last}) -> ({', '.join(['Tensor'] * len(results))})"


def register() -> torch.library.Library:
    """Register both operators; the library lives as long as what is returned."""
    kept = tuple(f"kept_{name}" for name in Outputs._fields)
    given = tuple(f"d_{name}" for name in Given._fields)
    library = torch.library.Library("elman", "FRAGMENT")
    forward = "recurrence" + schema(Inputs._fields, Outputs._fields)
    backward = "recurrence_backward" + schema(
        (*Inputs._fields, *kept, *given), Gradients._fields, ", bool[] wanted"
    )
    for text, run, fake in (
        (forward, recurrence_cpu, recurrence_fake),
        (backward, recurrence_backward_cpu, recurrence_backward_fake),
    ):
        name = text.partition("(")[0]
        library.define(text, tags=(torch.Tag.pt2_compliant_tag,))
        library.impl(name, run, "CPU")
        torch.library.register_fake(f"elman::{name}", fake, lib=library)
    torch.library.register_autograd(
        "elman::recurrence", recurrence_gradient, setup_context=setup_context, lib=library
    )
    torch.library.register_autograd(
        "elman::recurrence_backward", no_second_gradient, lib=library
    )
    return library


LIBRARY = register()
