"""elman's own kernels for the CPU: every cell and every option, forward and backward.

This file says what the kernels serve and brings a call into packed time: rows sorted longest
first, step after step, the ended ones left out, so that a ragged batch costs what its steps
cost. What then runs is in `cpu_run.py`.

The gradient is not differentiable again: a second derivative raises. Use
``backend="reference"`` there.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elman._native import KERNELS, MISSING
from elman.ops.backends.aten import Aten
from elman.ops.backends.cpu_operator import recurrence
from elman.ops.backends.cpu_run import Inputs, Outputs
from elman.ops.call import Call, Result, Trace
from elman.ops.lengths import lengths_to_mask

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

    skips_padding = True

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
        """Run the operator, which is differentiable where a gradient is wanted."""
        return self.serve(call, keep=wants_grad(call))[0]

    def trace(self, call: Call) -> tuple[Result, Trace]:
        """Run as `run` does; the gates and states are those that a gradient needs."""
        result, kept, time = self.serve(call, keep=True)
        gates = time.unpack(kept.gates).chunk(len(call.spec.gates), -1)
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
        w, time = call.weights, PackedTime(call)
        zone_h, zone_c = (*call.zoneout, None, None)[:2]
        h0, *rest = map(time.sort, call.state)
        mask = call.recurrent_mask
        found = recurrence(
            Inputs(
                x=time.pack(call.x),
                h0=h0,
                c0=rest[0] if rest else None,
                weight_ih=w.weight_ih,
                weight_hh=w.weight_hh,
                bias_ih=w.bias_ih,
                bias_hh=w.bias_hh,
                norm_ih=w.norm_ih,
                norm_hh=w.norm_hh,
                norm_c=w.norm_c,
                norm_c_shift=w.norm_c_bias,
                mask=None if mask is None else time.sort(mask),
                reset=None if call.reset is None else time.pack(call.reset),
                sizes=time.sizes,
                zone_h=time.pack_rate(zone_h),
                zone_c=time.pack_rate(zone_c),
                cell=call.spec.name,
                steps=call.x.shape[0],
                keep=keep,
                bf16=self.weights is not None,
            )
        )
        final = (found.h, found.c)[: len(call.state)]
        output = time.unpack(found.output)
        return Result(output, tuple(map(time.unsort, final))), found, time


def wants_grad(call: Call) -> bool:
    """Whether autograd will ask for a gradient of the call."""
    inputs = (call.x, *call.state, *call.weights)
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in inputs)


def slower_than_torch(call: Call) -> str | None:
    """Return where torch's kernels were measured to be faster (AVX-512, torch 2.13), or ``None``.

    That is one step or a few, where the start of a run weighs most, and most calls of the LSTM
    that oneDNN runs for torch: float32, all rows of one length. Against it the own kernel wins
    where a gradient is wanted, the run is long enough to pay for its start, and the weights fit
    the second cache; and in inference of a few rows over many steps, where units are split
    between threads. The figures are in docs/performance.md.
    """
    if Aten().refuses(call) is not None:
        return None
    steps, batch, _ = call.x.shape
    if steps < 4:
        return "torch is faster on fewer than 4 steps"
    if call.spec.name != "lstm" or call.x.dtype != torch.float32 or call.lengths is not None:
        return None
    hidden = call.weights.weight_hh.shape[1]
    if wants_grad(call):
        long = steps >= 64 or (steps >= 16 and batch >= 16)
        faster = long and 256 <= hidden < 1024
    else:
        faster = steps >= 64 and batch < 8 and hidden <= 256
    return None if faster else "torch's LSTM is faster at this size"


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
            rows = full.index_copy_(0, self.index, rows)
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

    def sort(self, state: Tensor) -> Tensor:
        """``(B, .)`` in the order of packed time."""
        return state if self.sizes is None else state.index_select(0, self.order)

    def unsort(self, state: Tensor) -> Tensor:
        """Undo `sort`."""
        return state if self.sizes is None else state.index_select(0, self.back)
