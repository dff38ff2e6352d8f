"""A cell over time: the one door to all kernels.

Checks the call, prepares ragged and reversed time once for all backends, and picks the backend:
``auto`` takes the first of `backends.BACKENDS` that does not refuse. What every option means is
in `reference.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elman._errors import BackendUnavailable, DtypeError, ShapeError
from elman._shapes import check_shape
from elman.ops.backends import BACKENDS
from elman.ops.backends.base import Backend
from elman.ops.call import Call, Result, Trace
from elman.ops.lengths import lengths_to_mask, reverse_reset, reverse_time

__all__ = ["Explanation", "explain", "recurrence", "recurrence_trace"]


def recurrence(call: Call, *, reverse: bool = False, backend: str = "auto") -> Result:
    r"""Run one layer in one direction over time: :math:`s_t = \text{step}(x_t, s_{t-1})`.

    Args:
        call: The cell, input, state, weights and options; see `Call` for the shapes.
        reverse: Run from each row's last valid step to its first. Resets then cut the sequence
            at the same places as they do forward.
        backend: A name in `backends.BACKENDS`, or ``auto``.

    Shape:
        - returns: ``Result(output (T, B, R), state)``; the output is zero beyond the lengths.
          Also under autocast both have the dtype of the weights

    Raises:
        ShapeError: If a shape does not fit the weights.
        DtypeError: If dtypes or devices differ.
        BackendUnavailable: If the backend asked for by name cannot serve the call.
        UnknownName: If there is no such backend.

    Example:
        >>> from elman.ops import CELLS, Call, Weights
        >>> weights = Weights(torch.randn(4, 3), torch.randn(4, 4))
        >>> call = Call(CELLS["rnn_tanh"], torch.randn(5, 2, 3), (torch.zeros(2, 4),), weights)
        >>> output, (h,) = recurrence(call)
        >>> output.shape, torch.equal(output[-1], h)
        (torch.Size([5, 2, 4]), True)
    """
    call = prepare(call, reverse)
    chosen = BACKENDS[choose(call, backend)]
    return finish(chosen.run(hide_padding(call, chosen)), call, reverse)


def recurrence_trace(
    call: Call, *, reverse: bool = False, backend: str = "auto"
) -> tuple[Result, Trace]:
    """Run as `recurrence` does, on the same backend, and return every gate and state too.

    Beyond a row's length states are held and gates carry no meaning.
    """
    call = prepare(call, reverse)
    chosen = BACKENDS[choose(call, backend)]
    result, trace = chosen.trace(hide_padding(call, chosen))
    result = finish(result, call, reverse)
    if not reverse:
        return result, trace
    gates = {name: reverse_time(g, call.lengths) for name, g in trace.gates.items()}
    states = {name: reverse_time(s, call.lengths) for name, s in trace.states.items()}
    return result, Trace(gates, states)


@dataclass(frozen=True)
class Explanation:
    """Which backend a call gets, and why not another.

    Attributes:
        chosen: The backend's name.
        refusals: For each backend its reason to refuse, or ``None`` if it can serve.
        declines: For each that can serve, why ``auto`` looks further, or ``None``.
    """

    chosen: str
    refusals: dict[str, str | None]
    declines: dict[str, str | None]

    def __str__(self) -> str:
        rows = [f"runs on '{self.chosen}'"]
        for name, refusal in self.refusals.items():
            slower = self.declines.get(name)
            rows.append(f"{name}: {refusal or slower or 'can serve'}")
        return "\n  ".join(rows)


def explain(call: Call, backend: str = "auto") -> Explanation:
    """Say which backend a call gets, and why not another.

    Raises:
        BackendUnavailable: If ``backend`` is named and refuses.
        UnknownName: If there is no such backend.
    """
    refusals = {name: BACKENDS[name].refuses(call) for name in BACKENDS}
    able = [name for name, reason in refusals.items() if reason is None]
    declines = {name: BACKENDS[name].declines(call) for name in able}
    return Explanation(choose(call, backend), refusals, declines)


def choose(call: Call, backend: str) -> str:
    """Return the name of the backend that a call gets.

    ``auto`` takes the first that neither refuses nor declines; the last declines nothing.
    """
    if backend == "auto":
        return next(
            name
            for name in BACKENDS
            if BACKENDS[name].refuses(call) is None and BACKENDS[name].declines(call) is None
        )
    if (reason := BACKENDS[backend].refuses(call)) is not None:
        raise BackendUnavailable(
            f"backend '{backend}' cannot serve this call: {reason}. "
            "Use the backend 'auto', which picks one that can"
        )
    return backend


def prepare(call: Call, reverse: bool) -> Call:
    """Check a call, and turn time round for the reverse direction."""
    check(call)
    if not reverse:
        return call
    reset = None if call.reset is None else reverse_reset(call.reset, call.lengths)
    return replace(call, x=reverse_time(call.x, call.lengths), reset=reset)


def hide_padding(call: Call, backend: Backend) -> Call:
    """Keep padding from leaking: also a NaN there must not reach a gradient."""
    if call.lengths is None or backend.skips_padding:
        return call
    valid = lengths_to_mask(call.lengths, call.x.shape[0]).unsqueeze(-1)
    return replace(call, x=call.x.masked_fill(~valid, 0.0))


def finish(result: Result, call: Call, reverse: bool) -> Result:
    """Turn an output's time back, and undo what autocast did to the dtype.

    Under autocast each kernel answers in a dtype of its own. A state that is carried on for a
    thousand windows must not lose bits at each, so all answer in the dtype of the weights.
    """
    dtype = call.weights.weight_ih.dtype
    output = reverse_time(result.output, call.lengths) if reverse else result.output
    return Result(output.to(dtype), tuple(s.to(dtype) for s in result.state))


def check(call: Call) -> None:
    """Raise where a tensor of the call does not fit the others."""
    x, w = call.x, call.weights
    if x.dim() != 3:
        raise ShapeError(f"x: expected (T, B, I), got {tuple(x.shape)}")
    steps, batch, features = x.shape
    packed = w.weight_ih.shape[0]
    hidden, rest = divmod(packed, len(call.spec.gates))
    if rest:
        raise ShapeError(
            f"weight_ih: {packed} rows do not divide into the {len(call.spec.gates)} gates of "
            f"'{call.spec.name}'"
        )
    if w.weight_ih.shape[1] != features:
        raise ShapeError(
            f"x has {features} features but weight_ih takes {w.weight_ih.shape[1]} "
            f"(x: {tuple(x.shape)}, expected (T, B, {w.weight_ih.shape[1]}))"
        )
    shown = hidden if w.weight_hr is None else w.weight_hr.shape[0]  # R
    check_shape("weight_hh", w.weight_hh, GH=packed, R=shown)
    for name in ("bias_ih", "bias_hh", "norm_ih", "norm_hh"):
        if (tensor := getattr(w, name)) is not None:
            check_shape(name, tensor, GH=packed)
    if w.weight_hr is not None:
        check_shape("weight_hr", w.weight_hr, P=shown, H=hidden)
    for name in ("norm_c", "norm_c_bias"):
        if (tensor := getattr(w, name)) is not None:
            check_shape(name, tensor, H=hidden)
    if len(call.state) != len(call.spec.state):
        raise ShapeError(
            f"state: '{call.spec.name}' has {len(call.spec.state)} tensors "
            f"({', '.join(call.spec.state)}), got {len(call.state)}"
        )
    sizes = (shown, *(hidden for _ in call.state[1:]))
    for name, tensor, size in zip(call.spec.state, call.state, sizes, strict=True):
        check_shape(f"state {name}", tensor, B=batch, H=size)
    if call.zoneout:
        for name, keep, size in zip(call.spec.state, call.zoneout, sizes, strict=True):
            if keep is not None:
                check_shape(f"zoneout {name}", keep, T=steps, B=batch, H=size)
    if call.reset is not None:
        check_shape("reset", call.reset, T=steps, B=batch)
    if call.recurrent_mask is not None:
        check_shape("recurrent_mask", call.recurrent_mask, B=batch, R=shown)
    if call.lengths is not None:
        check_lengths(call.lengths, steps, batch)
    check_types(call)


def check_lengths(lengths: Tensor, steps: int, batch: int) -> None:
    """Raise unless lengths are ``(B,)`` whole numbers from 0 to T."""
    check_shape("lengths", lengths, B=batch)
    if lengths.dtype != torch.int64:
        raise DtypeError(f"lengths: expected torch.int64, got {lengths.dtype}")
    if batch and not 0 <= int(lengths.min()) <= int(lengths.max()) <= steps:
        raise ShapeError(f"lengths: expected values from 0 to T={steps}, got {lengths.tolist()}")


def check_types(call: Call) -> None:
    """Raise unless the input, the state and the weights share a dtype and a device."""
    if call.reset is not None and call.reset.dtype != torch.bool:
        raise DtypeError(f"reset: expected torch.bool, got {call.reset.dtype}")
    weight = call.weights.weight_ih
    named = {"x": call.x, **dict(zip(call.spec.state, call.state, strict=True))}
    for name, tensor in named.items():
        if tensor.device != weight.device:
            raise DtypeError(f"{name} is on {tensor.device} but the weights are on {weight.device}")
        if tensor.dtype != weight.dtype and not torch.is_autocast_enabled(weight.device.type):
            raise DtypeError(f"{name} is {tensor.dtype} but the weights are {weight.dtype}")
