"""READ FIRST. The recurrence as a plain loop over time: any dtype, any device, any option.

This file is the meaning of every option; each fast backend is tested equal to it, forward and
in every gradient. It is differentiable twice. The equations of the cells are in `steps.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from elman.ops.call import Call, Result, Trace, Weights
from elman.ops.steps import CellSpec, Norm, State, StepResult, identity

__all__ = ["NORM_EPS", "input_product", "run", "step", "trace"]

NORM_EPS = 1e-5


def product(x: Tensor, weight: Tensor, gain: Tensor | None, bias: Tensor | None) -> Tensor:
    """Return ``weight @ x + bias``, layer-normalised before the bias where a gain is given."""
    if gain is None:
        return F.linear(x, weight, bias)
    normed = F.layer_norm(F.linear(x, weight), gain.shape, gain, None, NORM_EPS)
    return normed if bias is None else normed + bias


def input_product(x: Tensor, w: Weights) -> Tensor:
    """Return what enters from the input, for all steps at once: ``(..., I) -> (..., G*H)``."""
    return product(x, w.weight_ih, w.norm_ih, w.bias_ih)


def memory_norm(w: Weights) -> Norm:
    """Return the layer norm of the memory ``c``, or the identity."""
    gain, shift = w.norm_c, w.norm_c_bias
    if gain is None:
        return identity
    return lambda c: F.layer_norm(c, gain.shape, gain, shift, NORM_EPS)


def step(
    spec: CellSpec, gates_x: Tensor, state: State, w: Weights, mask: Tensor | None = None
) -> StepResult:
    """One step of a cell with its weights: ``gates_x (B, G*H)``, ``mask (B, R)`` or None."""
    h = state[0] if mask is None else state[0] * mask
    gates_h = product(h, w.weight_hh, w.norm_hh, w.bias_hh)  # (B, G*H)
    new, gates = spec.step(gates_x, gates_h, state, memory_norm(w))
    if w.weight_hr is not None:
        new = (F.linear(new[0], w.weight_hr), *new[1:])
    return new, gates


def loop(call: Call, visit: Callable[[tuple[Tensor, ...], State], None]) -> Result:
    """Run over time; ``visit`` sees the gates and the state of each step."""
    gates_x = input_product(call.x, call.weights)  # (T, B, G*H)
    state, output = call.state, []
    for t in range(call.x.shape[0]):
        before = state
        if call.reset is not None:
            fresh = call.reset[t].unsqueeze(-1)  # (B, 1)
            before = tuple(s.masked_fill(fresh, 0.0) for s in before)
        after, gates = step(call.spec, gates_x[t], before, call.weights, call.recurrent_mask)
        if call.zoned:
            after = tuple(
                new if keep is None else keep[t] * old + (1 - keep[t]) * new
                for new, old, keep in zip(after, before, call.zoneout, strict=True)
            )
        shown = after[0]
        if call.lengths is not None:
            valid = (t < call.lengths).unsqueeze(-1)  # (B, 1)
            after = tuple(torch.where(valid, n, o) for n, o in zip(after, state, strict=True))
            shown = shown.masked_fill(~valid, 0.0)
        state = after
        output.append(shown)
        visit(gates, state)
    if not output:  # T = 0: nothing happens, and the state is handed on
        return Result(call.x.new_zeros(0, *call.state[0].shape), state)
    return Result(torch.stack(output), state)


def run(call: Call) -> Result:
    """Run a call step by step."""
    return loop(call, lambda gates, state: None)


def trace(call: Call) -> tuple[Result, Trace]:
    """Run a call step by step and keep every gate and every state."""
    gates: list[tuple[Tensor, ...]] = []
    states: list[State] = []

    def visit(gate: tuple[Tensor, ...], state: State) -> None:
        gates.append(gate)
        states.append(state)

    result = loop(call, visit)
    hidden = (call.x.shape[1], call.weights.weight_hh.shape[0] // len(call.spec.gates))

    def over_time(rows: list[tuple[Tensor, ...]], k: int, shape: tuple[int, ...]) -> Tensor:
        return torch.stack([r[k] for r in rows]) if rows else call.x.new_zeros(0, *shape)

    return result, Trace(
        {name: over_time(gates, k, hidden) for k, name in enumerate(call.spec.gates)},
        {
            name: over_time(states, k, tuple(call.state[k].shape))
            for k, name in enumerate(call.spec.state)
        },
    )
