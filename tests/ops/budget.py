"""The error budget, call by call: what a kernel may lose, judged against float64 truth.

    err(kernel) <= 4 * err(reference in float32) + tiny

Errors are the largest of a tensor; `tiny` is 4 units in the last place of its largest value. The
reference's error on one call is one draw of a die: where a tensor is small, or a gate saturated,
it may be near 0 by luck. Then the reference is asked again, on `NEIGHBOURS` of the call, in
which every input is moved by one unit in its last place, and its largest error counts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elman.ops import Call, recurrence, recurrence_trace
from elman.ops.lengths import lengths_to_mask
from tests.ops.calls import as_dtype, leaves, rebuilt

__all__ = ["assert_each_within_budget", "everything"]

FACTOR = 4.0
ULPS = 4.0
NEIGHBOURS = 12


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


def neighbour(call: Call, seed: int) -> Call:
    """Return the call with each input moved up or down by one unit in its last place."""
    rng = torch.Generator().manual_seed(seed)

    def moved(value: Tensor) -> Tensor:
        up = torch.randint(0, 2, value.shape, generator=rng).bool()
        inf = torch.tensor(torch.inf, dtype=value.dtype)
        return torch.nextafter(value.detach(), torch.where(up, inf, -inf)).requires_grad_()

    return rebuilt(call, {name: moved(value) for name, value in leaves(call).items()})


def errors(call: Call, backend: str, trace: bool) -> dict[str, tuple[float, float]]:
    """For each tensor the largest error of a float32 call, and the truth's largest value."""
    truth = everything(as_dtype(call, torch.float64), "reference", trace)
    got = everything(call, backend, trace)
    assert list(got) == list(truth)
    found = {}
    for name, value in truth.items():
        assert got[name].shape == value.shape and got[name].dtype == torch.float32, name
        if value.numel():
            error = (got[name].double() - value).abs().max()
            found[name] = float(error), float(value.abs().max())
    return found


def assert_each_within_budget(call: Call, backend: str, trace: bool = False) -> None:
    """Judge every output and every gradient of one float32 call."""
    ours = errors(call, backend, trace)
    theirs = {name: error for name, (error, _) in errors(call, "reference", trace).items()}

    def over() -> list[str]:
        eps = torch.finfo(torch.float32).eps
        return [
            f"{name}: error {error:.3e}, the reference's {theirs[name]:.3e}, largest {top:.3e}"
            for name, (error, top) in ours.items()
            if not error <= FACTOR * theirs[name] + ULPS * eps * top
        ]

    for seed in range(NEIGHBOURS):
        if not over():
            break
        for name, (error, _) in errors(neighbour(call, seed), "reference", trace).items():
            theirs[name] = max(theirs[name], error)
    assert not over(), "; ".join(over())
