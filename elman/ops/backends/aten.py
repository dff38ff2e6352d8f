"""torch's own recurrent kernels: oneDNN and ATen on the CPU, cuDNN on the GPU.

They know the plain cells and nothing of resets, layer norm, zoneout or recurrent dropout, and
they keep their gates to themselves: a trace is recomputed from the states, all steps at once.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import _VF, Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from elman.ops.call import Call, Result, Trace
from elman.ops.lengths import lengths_to_mask
from elman.ops.reference import input_product
from elman.ops.scan import scan

__all__ = ["Aten"]

FEW_ROWS = 8

KERNELS: dict[str, Callable[..., Any]] = {
    "rnn_tanh": _VF.rnn_tanh,
    "rnn_relu": _VF.rnn_relu,
    "lstm": _VF.lstm,
    "gru": _VF.gru,
}


class Aten:
    """The kernels behind ``torch.nn.RNN``, ``LSTM`` and ``GRU``."""

    exact = True
    skips_padding = False

    def refuses(self, call: Call) -> str | None:
        """Refuse what torch.nn does not know."""
        if call.spec.name not in KERNELS:
            return f"torch has no kernel for the cell '{call.spec.name}'"
        if call.normed:
            return "torch's kernels have no layer norm"
        if call.zoned:
            return "torch's kernels have no zoneout"
        if call.recurrent_mask is not None:
            return "torch's kernels have no recurrent dropout"
        if call.reset is not None:
            return "torch's kernels have no resets"
        if call.x.shape[0] == 0 or call.x.shape[1] == 0:
            return "torch's kernels need at least one step and one row"
        if call.lengths is not None and int(call.lengths.min()) < 1:
            return "torch's kernels need every length to be at least 1"
        return None

    def declines(self, call: Call) -> str | None:
        """Decline a single step of few rows where oneDNN would repack all weights for it.

        Measured on two cores, float32, inference, T = 1, H = 64 and 384, B = 1 to 8: the kernel
        takes 1.2 to 25 times as long as the plain step. Only the LSTM goes through oneDNN.
        """
        steps, rows, _ = call.x.shape
        packs = call.spec.name == "lstm" and call.x.device.type == "cpu"
        if packs and steps == 1 and rows <= FEW_ROWS and not torch.is_grad_enabled():
            return "for one step of few rows oneDNN spends most of its time packing the weights"
        return None

    def run(self, call: Call) -> Result:
        """Call the kernel for one layer and direction, packed where lengths are given."""
        if torch.compiler.is_compiling():
            # oneDNN's LSTM cannot be traced with gradients: the graph breaks around the kernel,
            # as it does around torch.nn.LSTM.
            untraced: Callable[[Call], Result] = torch.compiler.disable(run_now)  # type: ignore[no-untyped-call]
            return untraced(call)
        return run_now(call)

    def trace(self, call: Call) -> tuple[Result, Trace]:
        """Run the kernel, then recompute what is inside from the states, all steps at once."""
        result = self.run(call)
        return result, recover(call, result)


def run_now(call: Call) -> Result:
    """Run padded or packed."""
    return run_padded(call) if call.lengths is None else run_packed(call, call.lengths)


def flat(call: Call) -> tuple[list[Tensor], bool]:
    """Return the weights in the order of torch.nn's flat list, and whether biases are in it."""
    w = call.weights
    weights = (w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, w.weight_hr)
    if w.weight_hr is not None:
        swallow_projection_warning()
    return [weight for weight in weights if weight is not None], w.bias_ih is not None


@functools.cache
def swallow_projection_warning() -> None:
    """Let torch say once, unheard, that oneDNN has no projection: the caller cannot help it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        h, c = torch.zeros(1, 1, 1), torch.zeros(1, 1, 2)
        weights = [torch.zeros(8, 1), torch.zeros(8, 1), torch.zeros(1, 2)]
        _VF.lstm(h, (h, c), weights, False, 1, 0.0, False, False, False)


def stacked(state: tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
    """Return the state as the kernels want it: ``(1, B, .)``, alone or as a pair."""
    layered = tuple(s.unsqueeze(0) for s in state)
    return layered if len(layered) > 1 else layered[0]


def run_padded(call: Call) -> Result:
    """Run rows that are all T long."""
    weights, has_bias = flat(call)
    train = torch.is_grad_enabled()
    output, *final = KERNELS[call.spec.name](
        call.x, stacked(call.state), weights, has_bias, 1, 0.0, train, False, False
    )
    return Result(output, tuple(s.squeeze(0) for s in final))


def run_packed(call: Call, lengths: Tensor) -> Result:
    """Run rows of different lengths, longest first, as the kernels want them."""
    weights, has_bias = flat(call)
    packed = pack_padded_sequence(call.x, lengths.cpu(), enforce_sorted=False)
    order, back = packed.sorted_indices, packed.unsorted_indices
    assert order is not None and back is not None  # noqa: S101 (enforce_sorted=False sets them)
    state = stacked(tuple(s.index_select(0, order) for s in call.state))
    train = torch.is_grad_enabled()
    data, *final = KERNELS[call.spec.name](
        packed.data, packed.batch_sizes, state, weights, has_bias, 1, 0.0, train, False
    )
    output, _ = pad_packed_sequence(packed._replace(data=data), total_length=call.x.shape[0])
    return Result(output, tuple(s.squeeze(0).index_select(0, back) for s in final))


def recover(call: Call, result: Result) -> Trace:
    """Recover gates and states from the output: every step's ``h`` is known, so no step waits.

    The gates of all steps are one matrix product; an LSTM's ``c`` is a linear recurrence in
    the gates, hence one `scan`.
    """
    valid = None
    h = result.output
    if call.lengths is not None:
        valid = lengths_to_mask(call.lengths, h.shape[0]).unsqueeze(-1)  # (T, B, 1)
        h = torch.where(valid, h, result.state[0])
    before = torch.cat([call.state[0].unsqueeze(0), h[:-1]])
    gates_x = input_product(call.x, call.weights)  # (T, B, G*H)
    gates_h = F.linear(before, call.weights.weight_hh, call.weights.bias_hh)
    hidden = gates_x.shape[-1] // len(call.spec.gates)
    zeros = gates_x.new_zeros((*gates_x.shape[:-1], hidden))
    # Gates do not read the memory c of the same step's input, so zeros stand in for it here.
    _, gates = call.spec.step(gates_x, gates_h, (before, zeros), lambda c: c)
    trace = Trace(dict(zip(call.spec.gates, gates, strict=True)), {"h": h})
    if call.spec.name == "lstm":
        i, f, g, _ = gates
        stay, add = f, i * g
        if valid is not None:
            stay, add = stay.masked_fill(~valid, 1.0), add.masked_fill(~valid, 0.0)
        trace.states["c"] = scan(stay, add, call.state[1])
    return trace
