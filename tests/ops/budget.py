"""The error budget, call by call: what a kernel may lose, judged against float64 truth.

    err(kernel) <= 4 * err(reference in the same dtype) + tiny

Errors are the largest of a tensor. The reference of one call may be exact by luck, where a
tensor is small or its terms cancel; `tiny` is what no rounding can be blamed for: how far the
truth itself moves when every input changes by one unit in its last place, and 4 units in the
last place of the tensor's largest value for what is rounded after that.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from elman.ops import Call, recurrence, recurrence_trace
from elman.ops.lengths import lengths_to_mask
from tests.ops.calls import as_dtype, leaves, rebuilt

__all__ = ["assert_each_within_budget", "everything", "shaken"]

FACTOR = 4.0
ULPS = 4.0


def everything(call: Call, backend: str, trace: bool = False) -> dict[str, Tensor]:
    """Run; pull random cotangents on all that is returned back; return both, by name.

    With ``trace`` there are cotangents on the gates and on each step's states too.
    """
    if trace:
        result, inside = recurrence_trace(call, backend=backend)
    else:
        result, inside = recurrence(call, backend=backend), None
    values = {"output": result.output, **dict(zip(call.spec.state, result.state, strict=True))}
    if inside is not None:
        valid = torch.ones((), dtype=torch.bool)
        if call.lengths is not None:  # beyond a row's length a gate has no meaning
            valid = lengths_to_mask(call.lengths, call.x.shape[0]).unsqueeze(-1)
        values |= {f"gate {n}": torch.where(valid, g, 0.0) for n, g in inside.gates.items()}
        values |= {f"step {n}": s for n, s in inside.states.items()}
    rng = torch.Generator().manual_seed(1)
    loss = call.x.new_zeros(())
    for value in values.values():
        cotangent = torch.randn(value.shape, dtype=torch.float64, generator=rng)
        loss = loss + (value * cotangent.to(value.dtype)).sum()
    named = leaves(call)
    found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    for (name, leaf), gradient in zip(named.items(), found, strict=True):
        values[f"d{name}"] = torch.zeros_like(leaf) if gradient is None else gradient
    return {name: v.detach() for name, v in values.items()}


def shaken(call: Call) -> Call:
    """Return a float32 call in float64, each input moved by one unit in its last place."""
    rng = torch.Generator().manual_seed(2)
    eps = torch.finfo(torch.float32).eps

    def moved(value: Tensor) -> Tensor:
        signs = torch.randint(0, 2, value.shape, generator=rng).mul(2).sub(1)
        return (value.detach().double() * (1 + eps * signs)).requires_grad_()

    wide = as_dtype(call, torch.float64)
    return replace(rebuilt(wide, {n: moved(v) for n, v in leaves(call).items()}))


def assert_each_within_budget(call: Call, backend: str, trace: bool = False) -> None:
    """Judge every output and every gradient of one float32 call."""
    truth = everything(as_dtype(call, torch.float64), "reference", trace)
    near = everything(shaken(call), "reference", trace)
    plain = everything(call, "reference", trace)
    got = everything(call, backend, trace)
    assert list(got) == list(plain) == list(truth)
    for name, value in truth.items():
        assert got[name].shape == value.shape, name
        assert got[name].dtype == torch.float32, name
        if value.numel() == 0:
            continue
        error, theirs, moved = (
            float((v[name].double() - value).abs().max()) for v in (got, plain, near)
        )
        tiny = moved + ULPS * torch.finfo(torch.float32).eps * float(value.abs().max())
        assert error <= FACTOR * theirs + tiny, (
            f"{name}: error {error:.3e}, the reference's {theirs:.3e}, tiny {tiny:.3e}"
        )
