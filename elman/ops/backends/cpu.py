"""elman's own kernels for the CPU: every cell and every option, forward and backward.

The product with the input, the gradients of the weights and that of the input are one matrix
product each over all steps and stay with torch. What must be done step by step is one operator,
``elman::recurrence``, and its gradient ``elman::recurrence_backward``; both run C++ (`csrc/`).
They work on packed time: rows sorted longest first, step after step, the ended ones left out,
so a ragged batch costs what its steps cost.

The gradient is not differentiable again: a second derivative raises. Use
``backend="reference"`` there.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.dlpack import to_dlpack
from torch.utils.weak import WeakTensorKeyDictionary

from elman._errors import BackendUnavailable
from elman._native import KERNELS, MISSING
from elman.ops.call import Call, Result, Trace
from elman.ops.lengths import lengths_to_mask
from elman.ops.reference import NORM_EPS, input_product

__all__ = ["Cpu"]

CELLS = ("rnn_tanh", "rnn_relu", "lstm", "gru")
DTYPES = (torch.float32, torch.float64)


class Cpu:
    """The compiled kernels of `csrc`.

    Args:
        weights: ``None``: the weights as they are. ``torch.bfloat16``: ``W_hh`` rounded to
            bfloat16, all sums in float32; for inference in float32 where the weights are too
            large for the caches. Never chosen by ``auto``.
    """

    def __init__(self, weights: torch.dtype | None = None) -> None:
        self.weights = weights
        self.exact = weights is None

    def refuses(self, call: Call) -> str | None:
        """Refuse what the kernels do not know."""
        if KERNELS is None:
            return MISSING
        if call.spec.name not in CELLS:
            return f"there is no compiled kernel for the cell '{call.spec.name}'"
        device, dtype = call.x.device.type, call.x.dtype
        if device != "cpu":
            return f"the compiled kernels need tensors on the CPU; found {device}"
        if torch.is_autocast_enabled("cpu"):
            return "the compiled kernels do not take part in autocast"
        if dtype not in DTYPES:
            return f"the compiled kernels need float32 or float64; found {dtype}"
        if call.weights.weight_hr is not None:
            return "the compiled kernels have no projection"
        masks = (call.recurrent_mask, *call.zoneout)
        if any(mask is not None and mask.requires_grad for mask in masks):
            return "the compiled kernels give no gradient for recurrent_mask and zoneout"
        if self.weights is not None:
            if dtype != torch.float32:
                return f"weights in bfloat16 need an input in float32; found {dtype}"
            if wants_grad(call):
                return "weights in bfloat16 have no gradient; use torch.no_grad()"
        return None

    def declines(self, call: Call) -> str | None:
        """Say why ``auto`` should look further although the call could be served."""
        if self.weights is not None:
            return "weights in bfloat16 are less precise"
        return slower_than_torch(call)

    def run(self, call: Call) -> Result:
        """Run the recurrence in C++, the input product in torch."""
        return self.serve(call, keep=wants_grad(call))[0]

    def trace(self, call: Call) -> tuple[Result, Trace]:
        """Run as `run` does; the gates and states are those that a gradient needs."""
        result, kept, time = self.serve(call, keep=True)
        gates = time.unpack(kept.gates).unflatten(-1, (len(call.spec.gates), -1)).unbind(-2)
        states = {"h": result.output}
        if "c" in call.spec.state:
            states["c"] = time.unpack(kept.memory)
        if call.lengths is not None:  # beyond its length a row's state is held
            valid = lengths_to_mask(call.lengths, call.x.shape[0]).unsqueeze(-1)
            final = dict(zip(call.spec.state, result.state, strict=True))
            states = {k: torch.where(valid, s, final[k]) for k, s in states.items()}
        return result, Trace(dict(zip(call.spec.gates, gates, strict=True)), states)

    def serve(self, call: Call, keep: bool) -> tuple[Result, Outputs, PackedTime]:
        """Run on packed time; also return the operator's outputs, all of them with ``keep``."""
        call = with_one_bias(call)
        w, time = call.weights, PackedTime(call)
        zone_h, zone_c = (*call.zoneout, None, None)[:2]
        found = Outputs(
            *torch.ops.elman.recurrence(
                input_product(time.pack(call.x), w),
                w.weight_hh,
                w.bias_hh,
                *time.sort(*call.state, *([None] * (2 - len(call.state)))),
                w.norm_hh,
                w.norm_c,
                w.norm_c_bias,
                *time.sort(call.recurrent_mask),
                None if call.reset is None else time.pack(call.reset),
                time.sizes,
                time.pack_rate(zone_h),
                time.pack_rate(zone_c),
                call.spec.name,
                call.x.shape[0],
                keep,
                self.weights is not None,
            )
        )
        state = time.unsort(found.h, found.c)[: len(call.state)]
        return Result(time.unpack(found.output), state), found, time


def wants_grad(call: Call) -> bool:
    """Whether autograd will ask for a gradient of the call."""
    inputs = (call.x, *call.state, *call.weights)
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in inputs)


def slower_than_torch(call: Call) -> str | None:
    """Return where torch's kernels were measured to be faster, or ``None``."""
    return None


def with_one_bias(call: Call) -> Call:
    """Add the two biases where nothing stands between them: one pass over the gates less."""
    w = call.weights
    if w.bias_ih is None or w.bias_hh is None or call.normed or call.spec.name == "gru":
        return call
    return replace(call, weights=w._replace(bias_ih=w.bias_ih + w.bias_hh, bias_hh=None))


class PackedTime:
    """Between ``(T, B, .)`` and rows of packed time ``(N, .)``; all rows where none is shorter.

    Attributes:
        sizes: ``(T,)`` int64, the number of rows at each step; ``None``: B at all.
    """

    def __init__(self, call: Call) -> None:
        self.steps, self.batch = call.x.shape[:2]
        self.sizes: Tensor | None = None
        if call.lengths is None:
            return
        longest_first = torch.argsort(call.lengths, descending=True, stable=True)
        valid = lengths_to_mask(call.lengths[longest_first], self.steps)  # (T, B), sorted
        first = torch.arange(self.steps).unsqueeze(1) * self.batch
        self.sizes = valid.sum(1)
        self.order = longest_first
        self.back = torch.argsort(longest_first)
        self.index = (first + longest_first)[valid]  # of each packed row in (T * B)

    def pack(self, x: Tensor) -> Tensor:
        """``(T, B, ...) -> (N, ...)``."""
        rows = x.reshape(self.steps * self.batch, *x.shape[2:])
        return rows if self.sizes is None else rows.index_select(0, self.index)

    def unpack(self, rows: Tensor) -> Tensor:
        """``(N, F) -> (T, B, F)``, zero beyond the lengths."""
        if self.sizes is not None:
            full = rows.new_zeros(self.steps * self.batch, rows.shape[1])
            rows = full.index_copy(0, self.index, rows)
        return rows.view(self.steps, self.batch, rows.shape[1])

    def pack_rate(self, keep: Tensor | None) -> Tensor | None:
        """``(T, B, F) -> (N or 1, F or 1)``: an expanded rate stays one number."""
        if keep is None or keep.numel() == 0:
            return None
        if keep.stride(2) == 0:
            keep = keep[..., :1]
        if keep.stride(0) == keep.stride(1) == 0:
            return keep[0, :1].contiguous()
        return self.pack(keep).contiguous()

    def sort(self, *states: Tensor | None) -> list[Tensor | None]:
        """``(B, .)`` in the order of packed time."""
        if self.sizes is None:
            return list(states)
        return [None if s is None else s.index_select(0, self.order) for s in states]

    def unsort(self, *states: Tensor) -> tuple[Tensor, ...]:
        """The opposite of `sort`; empty tensors pass."""
        if self.sizes is None:
            return states
        return tuple(s if s.dim() == 1 else s.index_select(0, self.back) for s in states)


class Outputs(NamedTuple):
    """What ``elman::recurrence`` returns; what was not kept or does not exist is ``(0,)``.

    Shape:
        - output: ``(N, H)``; h, c: ``(B, H)``, the final state
        - gates: ``(N, G*H)``, activated; memory: ``(N, H)``, an LSTM's ``c`` after each step
        - kept: ``(N, H)``, what enters a GRU's candidate from the memory
        - product: ``(N, G*H)``, ``W_hh h`` before its layer norm
        - operand: ``(N, H)``, what ``W_hh`` was multiplied by, if it is not the ``h`` before
    """

    output: Tensor
    h: Tensor
    c: Tensor
    gates: Tensor
    memory: Tensor
    kept: Tensor
    product: Tensor
    operand: Tensor


SCHEMA = (
    "(Tensor gates_x, Tensor weight_hh, Tensor? bias_hh, Tensor h0, Tensor? c0, Tensor? norm_h, "
    "Tensor? norm_c, Tensor? norm_c_shift, Tensor? mask, Tensor? reset, Tensor? sizes, "
    "Tensor? zone_h, Tensor? zone_c, str cell, int steps, bool keep, bool bf16)"
    " -> (Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor)"
)
BACKWARD_SCHEMA = (
    "(Tensor weight_hh, Tensor h0, Tensor? c0, Tensor? norm_h, Tensor? norm_c, "
    "Tensor? norm_c_shift, Tensor? mask, Tensor? reset, Tensor? sizes, Tensor? zone_h, "
    "Tensor? zone_c, Tensor output, Tensor gates, Tensor memory, Tensor kept, Tensor product, "
    "Tensor? d_output, Tensor? d_h, Tensor? d_c, Tensor? d_gates, Tensor? d_memory, "
    "str cell, int steps)"
    " -> (Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor)"
)


def array(x: Tensor | None) -> Any:
    """Hand a tensor to the kernels; values that are not dense are copied."""
    return None if x is None or x.dim() == 1 and x.numel() == 0 else to_dlpack(x.contiguous())


def outputs(
    gates_x: Tensor,
    h0: Tensor,
    c0: Tensor | None,
    norm_h: Tensor | None,
    norm_c: Tensor | None,
    mask: Tensor | None,
    reset: Tensor | None,
    sizes: Tensor | None,
    cell: str,
    keep: bool,
) -> Outputs:
    """Allocate the outputs."""
    rows, width, hidden = gates_x.shape[0], gates_x.shape[1], h0.shape[1]
    new = gates_x.new_empty
    normed = norm_h is not None or norm_c is not None
    changed = mask is not None or reset is not None
    return Outputs(
        output=new(rows, hidden),
        h=h0.clone(memory_format=torch.contiguous_format),
        c=new(0) if c0 is None else c0.clone(memory_format=torch.contiguous_format),
        gates=new(rows, width) if keep else new(0),
        memory=new(rows, hidden) if keep and c0 is not None else new(0),
        kept=new(rows, hidden) if keep and cell == "gru" else new(0),
        product=new(rows if keep else h0.shape[0], width) if normed else new(0),
        operand=new(rows, hidden) if changed or (keep and sizes is not None) else new(0),
    )


def recurrence_cpu(
    gates_x: Tensor,
    weight_hh: Tensor,
    bias_hh: Tensor | None,
    h0: Tensor,
    c0: Tensor | None,
    norm_h: Tensor | None,
    norm_c: Tensor | None,
    norm_c_shift: Tensor | None,
    mask: Tensor | None,
    reset: Tensor | None,
    sizes: Tensor | None,
    zone_h: Tensor | None,
    zone_c: Tensor | None,
    cell: str,
    steps: int,
    keep: bool,
    bf16: bool,
) -> Outputs:
    """Run ``elman::recurrence``."""
    assert KERNELS is not None  # noqa: S101 (refuses() answers for it)
    found = outputs(gates_x, h0, c0, norm_h, norm_c, mask, reset, sizes, cell, keep)
    gates = gates_x.shape[1] // max(h0.shape[1], 1)
    KERNELS.forward(
        cell,
        steps=steps,
        threads=torch.get_num_threads(),
        gates_x=array(gates_x),
        h0=array(h0),
        weight=to_dlpack(packed(weight_hh, gates, bf16, cached=not keep)),
        bias=array(bias_hh),
        mask=array(mask),
        sizes=array(sizes),
        reset=array(reset),
        norm_h=array(norm_h),
        norm_c=array(norm_c),
        norm_c_shift=array(norm_c_shift),
        zone_h=array(zone_h),
        zone_c=array(zone_c),
        **{name: array(x) for name, x in found._asdict().items()},
    )
    return found


PACKED: MutableMapping[Tensor, tuple[object, Tensor]] = WeakTensorKeyDictionary()


def packed(weight: Tensor, gates: int, bf16: bool, cached: bool) -> Tensor:
    """Pack ``W_hh``; in inference only where it is another tensor or was written to since.

    As in autograd, a write through ``.data`` is no write.
    """
    assert KERNELS is not None  # noqa: S101
    key = None
    if cached and not weight.is_inference():
        key = (weight.data_ptr(), weight._version, gates, bf16)
        if (found := PACKED.get(weight)) is not None and found[0] == key:
            return found[1]
    dtype = torch.bfloat16 if bf16 else weight.dtype
    units, inputs = weight.shape[0] // gates, weight.shape[1]
    size = KERNELS.packed_size(gates, units, inputs, str(dtype).removeprefix("torch."))
    full = weight.new_empty(size, dtype=dtype)
    KERNELS.pack(gates, array(weight), to_dlpack(full))
    if key is not None:
        PACKED[weight] = (key, full)
    return full


def packed_transposed(weight: Tensor) -> Tensor:
    """Pack ``W_hh`` for the gradient."""
    assert KERNELS is not None  # noqa: S101
    inputs, units = weight.shape
    dtype = str(weight.dtype).removeprefix("torch.")
    full = weight.new_empty(KERNELS.packed_size(1, units, inputs, dtype))
    KERNELS.pack_transposed(array(weight), to_dlpack(full))
    return full


def recurrence_fake(*args: Any) -> Outputs:
    """Shapes of ``elman::recurrence`` without running it."""
    gates_x, _, _, h0, c0, norm_h, norm_c, _, mask, reset, sizes, _, _, cell, _, keep, _ = args
    return outputs(gates_x, h0, c0, norm_h, norm_c, mask, reset, sizes, cell, keep)


class Gradients(NamedTuple):
    """What ``elman::recurrence_backward`` returns; what does not exist is ``(0,)``.

    Shape:
        - gates_x, gates_h, product: ``(N, G*H)``, gradients of the gates' share from the input,
          of that from the memory with its layer norm, and before it
        - h0, c0: ``(B, H)``
        - normed_c: ``(N, H)``, gradient of an LSTM's normed ``c``
        - standard_c: ``(N, H)``, that ``c`` itself before gain and shift
    """

    gates_x: Tensor
    gates_h: Tensor
    product: Tensor
    h0: Tensor
    c0: Tensor
    normed_c: Tensor
    standard_c: Tensor


def gradients(
    h0: Tensor,
    c0: Tensor | None,
    norm_h: Tensor | None,
    norm_c: Tensor | None,
    gates: Tensor,
    d_h: Tensor | None,
    d_c: Tensor | None,
    cell: str,
) -> Gradients:
    """Allocate the gradients; those of the state begin as those of the final state."""
    new = gates.new_empty

    def begun(gradient: Tensor | None, state: Tensor | None) -> Tensor:
        if state is None:
            return new(0)
        if gradient is None:
            return gates.new_zeros(state.shape)
        return gradient.clone(memory_format=torch.contiguous_format)

    return Gradients(
        gates_x=new(gates.shape),
        gates_h=new(gates.shape) if cell == "gru" else new(0),
        product=new(gates.shape) if norm_h is not None else new(0),
        h0=begun(d_h, h0),
        c0=begun(d_c, c0),
        normed_c=new(gates.shape[0], h0.shape[1]) if norm_c is not None else new(0),
        standard_c=new(gates.shape[0], h0.shape[1]) if norm_c is not None else new(0),
    )


def recurrence_backward_cpu(
    weight_hh: Tensor,
    h0: Tensor,
    c0: Tensor | None,
    norm_h: Tensor | None,
    norm_c: Tensor | None,
    norm_c_shift: Tensor | None,
    mask: Tensor | None,
    reset: Tensor | None,
    sizes: Tensor | None,
    zone_h: Tensor | None,
    zone_c: Tensor | None,
    output: Tensor,
    gates: Tensor,
    memory: Tensor,
    kept: Tensor,
    product: Tensor,
    d_output: Tensor | None,
    d_h: Tensor | None,
    d_c: Tensor | None,
    d_gates: Tensor | None,
    d_memory: Tensor | None,
    cell: str,
    steps: int,
) -> Gradients:
    """Run ``elman::recurrence_backward``."""
    assert KERNELS is not None  # noqa: S101
    found = gradients(h0, c0, norm_h, norm_c, gates, d_h, d_c, cell)
    KERNELS.backward(
        cell,
        steps=steps,
        threads=torch.get_num_threads(),
        h0=array(h0),
        c0=array(c0),
        weight=to_dlpack(packed_transposed(weight_hh)),
        mask=array(mask),
        sizes=array(sizes),
        reset=array(reset),
        norm_h=array(norm_h),
        norm_c=array(norm_c),
        norm_c_shift=array(norm_c_shift),
        zone_h=array(zone_h),
        zone_c=array(zone_c),
        output=array(output),
        gates=array(gates),
        memory=array(memory),
        kept=array(kept),
        product=array(product),
        d_output=array(d_output),
        d_memory=array(d_memory),
        d_gates=array(d_gates),
        d_h=array(found.h0),
        d_c=array(found.c0),
        d_gates_x=array(found.gates_x),
        d_gates_h=array(found.gates_h),
        d_product=array(found.product),
        d_normed_c=array(found.normed_c),
        standard_c=array(found.standard_c),
    )
    return found


def recurrence_backward_fake(*args: Any) -> Gradients:
    """Shapes of ``elman::recurrence_backward`` without running it."""
    _, h0, c0, norm_h, norm_c = args[:5]
    gates, d_h, d_c, cell = args[12], args[17], args[18], args[21]
    return gradients(h0, c0, norm_h, norm_c, gates, d_h, d_c, cell)


def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    """Keep what the gradient needs."""
    _, weight_hh, bias_hh, *tensors, cell, steps, keep, _ = inputs
    if not keep:
        return
    found = Outputs(*output)
    ctx.cell, ctx.steps, ctx.biased = cell, steps, bias_hh is not None
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(weight_hh, *tensors, found.output, *found[3:])


def recurrence_gradient(ctx: Any, *d: Tensor | None) -> tuple[Tensor | None, ...]:
    """Gradient of ``elman::recurrence``: one operator over time, then one product per weight."""
    *inputs, output, gates, memory, kept, product, operand = ctx.saved_tensors
    _, h0, _, norm_h, norm_c, shift, *_ = inputs
    d_output, d_h, d_c, d_gates, d_memory, *_ = d
    found = Gradients(
        *torch.ops.elman.recurrence_backward(
            *inputs, output, gates, memory, kept, product,
            d_output, d_h, d_c, d_gates, d_memory, ctx.cell, ctx.steps,
        )
    )  # fmt: skip
    gates_h = found.gates_h if ctx.cell == "gru" else found.gates_x
    through = gates_h if norm_h is None else found.product
    d_weight = d_bias = d_norm_h = d_norm_c = d_shift = None
    if ctx.needs_input_grad[1]:
        d_weight = weight_gradient(through, h0, output, operand)
    if ctx.biased:
        d_bias = gates_h.sum(0)
    if norm_h is not None:
        standard = F.layer_norm(product, norm_h.shape, eps=NORM_EPS)
        d_norm_h = (gates_h * standard).sum(0)
    if norm_c is not None:
        d_norm_c = (found.normed_c * found.standard_c).sum(0)
        d_shift = None if shift is None else found.normed_c.sum(0)
    d_c0 = found.c0 if found.c0.dim() == 2 else None
    d_state = (found.h0, d_c0)
    return found.gates_x, d_weight, d_bias, *d_state, d_norm_h, d_norm_c, d_shift, *[None] * 9


def weight_gradient(d_product: Tensor, h0: Tensor, output: Tensor, operand: Tensor) -> Tensor:
    """Gradient of ``W_hh``: one matrix product over all steps."""
    if operand.dim() == 2:
        return d_product.t() @ operand
    batch = h0.shape[0]  # all rows are T long, and each h is the operand of the next step
    first, rest = d_product[:batch], d_product[batch:]
    return torch.addmm(first.t() @ h0[: first.shape[0]], rest.t(), output[: rest.shape[0]])


def no_second_gradient(ctx: Any, *d: Any) -> Any:
    """Refuse to differentiate the gradient."""
    raise BackendUnavailable(
        "backend 'cpu' has no second derivative; use backend='reference', "
        "which is differentiable twice"
    )


LIBRARY = torch.library.Library("elman", "FRAGMENT")
LIBRARY.define("recurrence" + SCHEMA, tags=(torch.Tag.pt2_compliant_tag,))
LIBRARY.define("recurrence_backward" + BACKWARD_SCHEMA, tags=(torch.Tag.pt2_compliant_tag,))
LIBRARY.impl("recurrence", recurrence_cpu, "CPU")
LIBRARY.impl("recurrence_backward", recurrence_backward_cpu, "CPU")
torch.library.register_fake("elman::recurrence", recurrence_fake, lib=LIBRARY)
torch.library.register_fake("elman::recurrence_backward", recurrence_backward_fake, lib=LIBRARY)
torch.library.register_autograd(
    "elman::recurrence", recurrence_gradient, setup_context=setup_context, lib=LIBRARY
)
torch.library.register_autograd("elman::recurrence_backward", no_second_gradient, lib=LIBRARY)
