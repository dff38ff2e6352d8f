"""Random calls for the tests, and what can be asked of them.

Everything is found through the registries: a new cell or a new backend is tested without a
change here, on the option sets that it does not refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from elman.nn.parameters import parameter_shapes
from elman.ops import CELLS, Call, Result, Weights, recurrence
from elman.ops.backends import BACKENDS
from elman.ops.lengths import lengths_to_mask
from elman.ops.steps import CellSpec
from tests import oracle

OPTIONS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "no_bias": ("no_bias",),
    "projection": ("projection",),
    "lengths": ("lengths",),
    "lengths_projection": ("lengths", "projection"),
    "empty_rows": ("empty_rows",),
    "reset": ("reset",),
    "layer_norm": ("layer_norm",),
    "layer_norm_no_bias": ("layer_norm", "no_bias"),
    "zoneout_rate": ("zoneout_rate",),
    "zoneout_mask": ("zoneout_mask",),
    "zoneout_h": ("zoneout_h",),
    "recurrent_mask": ("recurrent_mask",),
    "all": (
        *("projection", "empty_rows", "reset", "layer_norm", "zoneout_mask", "recurrent_mask"),
    ),
}


def random_call(
    cell: str,
    options: tuple[str, ...] = (),
    *,
    T: int = 5,
    B: int = 3,
    I: int = 3,
    H: int = 4,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
    grad: bool = False,
) -> Call:
    """Return a call with random, asymmetric weights: no two gates are alike.

    Numbers are drawn in float64 first, so a float32 call is the same call, rounded.
    """
    spec = CELLS[cell]
    rng = torch.Generator().manual_seed(seed)

    def draw(*shape: int, scale: float = 1.0) -> Tensor:
        value = scale * torch.randn(*shape, dtype=torch.float64, generator=rng)
        return value.to(dtype).requires_grad_(grad)

    proj = max(1, H - 2) if "projection" in options and len(spec.state) > 1 and H > 1 else 0
    shapes, norms = parameter_shapes(
        spec, I, H, proj, "no_bias" not in options, "layer_norm" in options
    )
    weights = Weights(
        **{n: draw(*s, scale=H**-0.5) for n, s in shapes.items()},
        **{n: draw(*s) for n, s in norms.items()},
    )
    sizes = [proj or H, *(H for _ in spec.state[1:])]
    call = Call(spec, draw(T, B, I), tuple(draw(B, n) for n in sizes), weights)
    if "lengths" in options or "empty_rows" in options:
        least = 0 if "empty_rows" in options else min(1, T)
        lengths = torch.randint(least, T + 1, (B,), generator=rng)
        lengths[: 1 if "empty_rows" in options else 0] = 0
        call = replace(call, lengths=lengths)
    if "reset" in options:
        call = replace(call, reset=torch.rand(T, B, generator=rng) < 0.3)
    if "recurrent_mask" in options:
        mask = (torch.rand(B, sizes[0], generator=rng) < 0.6).to(dtype) / 0.6
        call = replace(call, recurrent_mask=mask)
    rates = {name: 0.1 + 0.2 * k for k, name in enumerate(spec.state)}
    if "zoneout_h" in options:
        rates = {"h": rates["h"]}
    if {"zoneout_rate", "zoneout_mask", "zoneout_h"} & set(options):
        keeps: list[Tensor | None] = []
        for name, size in zip(spec.state, sizes, strict=True):
            if name not in rates:
                keeps.append(None)
            elif "zoneout_mask" in options:
                drawn = torch.rand(T, B, size, generator=rng) < rates[name]
                keeps.append(drawn.to(dtype))
            else:
                keeps.append(torch.tensor(rates[name], dtype=dtype).expand(T, B, size))
        call = replace(call, zoneout=tuple(keeps))
    return call


def served(*, without: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """Return every (backend, cell, option set) that is not refused; exact backends only."""
    return [
        (backend, cell, name)
        for backend in BACKENDS
        if BACKENDS[backend].exact
        for cell in CELLS
        for name, options in OPTIONS.items()
        if not set(options) & set(without)
        and BACKENDS[backend].refuses(random_call(cell, options, dtype=torch.float32)) is None
    ]


def leaves(call: Call) -> dict[str, Tensor]:
    """Return by name all that a call is differentiated by."""
    named = {"x": call.x, **dict(zip(call.spec.state, call.state, strict=True))}
    return named | {n: w for n, w in call.weights._asdict().items() if w is not None}


def rebuilt(call: Call, values: dict[str, Tensor]) -> Call:
    """Return the call with other tensors in the places of `leaves`."""
    spec: CellSpec = call.spec
    weights = {n: values[n] for n in Weights._fields if n in values}
    return replace(
        call,
        x=values["x"],
        state=tuple(values[name] for name in spec.state),
        weights=Weights(**weights),
    )


def as_dtype(call: Call, dtype: torch.dtype) -> Call:
    """Return the call in another dtype, with fresh leaves."""
    fresh = {n: v.detach().to(dtype).requires_grad_() for n, v in leaves(call).items()}
    mask = call.recurrent_mask
    return replace(
        rebuilt(call, fresh),
        recurrent_mask=None if mask is None else mask.to(dtype),
        zoneout=tuple(None if z is None else z.to(dtype) for z in call.zoneout),
    )


def gradients(
    call: Call, run: Callable[[Call], Result], seed: int = 1
) -> tuple[Result, dict[str, Tensor]]:
    """Run, pull random cotangents on the output and on the state back, return every gradient."""
    result = run(call)
    rng = torch.Generator().manual_seed(seed)
    loss = call.x.new_zeros(())
    for value in (result.output, *result.state):
        cotangent = torch.randn(value.shape, dtype=torch.float64, generator=rng)
        loss = loss + (value * cotangent.to(value.dtype)).sum()
    named = leaves(call)
    grads = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    zeros = (
        torch.zeros_like(v) if g is None else g for g, v in zip(grads, named.values(), strict=True)
    )
    return result, dict(zip(named, zeros, strict=True))


def run_on(backend: str, reverse: bool = False) -> Callable[[Call], Result]:
    """Return `recurrence` on one backend."""
    return lambda call: recurrence(call, reverse=reverse, backend=backend)


def run_oracle(call: Call, reverse: bool = False) -> oracle.Run:
    """Run a call on the NumPy oracle."""

    def array(value: Tensor) -> oracle.Array:
        return value.detach().to(torch.float64).numpy()

    return oracle.run(
        call.spec.name,
        {n: array(w) for n, w in call.weights._asdict().items() if w is not None},
        array(call.x),
        {n: array(s) for n, s in zip(call.spec.state, call.state, strict=True)},
        lengths=None if call.lengths is None else call.lengths.numpy(),
        reset=None if call.reset is None else call.reset.numpy(),
        recurrent_mask=None if call.recurrent_mask is None else array(call.recurrent_mask),
        zoneout={
            n: array(z)
            for n, z in zip(call.spec.state, call.zoneout, strict=False)
            if z is not None
        },
        reverse=reverse,
    )


def poisoned(call: Call) -> Call:
    """Return the call with NaN, and wild resets, in its padding."""
    assert call.lengths is not None
    padding = ~lengths_to_mask(call.lengths, call.x.shape[0])
    x = call.x.detach().masked_fill(padding.unsqueeze(-1), float("nan")).requires_grad_()
    reset = None if call.reset is None else call.reset | padding
    return replace(call, x=x, reset=reset)


def assert_within_budget(
    name: str, got: Tensor, reference: Tensor, truth: Tensor, factor: float = 4.0
) -> None:
    """Judge against float64 truth, relative to what the reference loses in the same dtype."""
    if truth.numel() == 0:
        assert got.shape == truth.shape
        return
    got, reference, truth = got.detach(), reference.detach(), truth.detach()
    eps = torch.finfo(got.dtype).eps
    tiny = 4 * eps * (1.0 + float(truth.abs().max()))
    allowed = factor * float((reference.double() - truth).abs().max()) + tiny
    error = float((got.double() - truth).abs().max())
    assert error <= allowed, f"{name}: error {error:.2e} is over the budget {allowed:.2e}"
