"""No bit depends on who else is in the batch, nor on the number of threads: every option, forward
and every gradient."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from elman._native import KERNELS
from elman.ops import CELLS, Call, recurrence_trace
from tests.ops.backends.test_budget import SETS
from tests.ops.budget import everything
from tests.ops.calls import leaves, random_call, rebuilt

pytestmark = pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")
each = pytest.mark.parametrize(
    ("cell", "options"), [(cell, options) for cell in CELLS for options in SETS]
)


@pytest.fixture
def threads() -> Iterator[None]:
    """Give torch its threads back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def rows_of(call: Call, rows: slice) -> Call:
    """Some rows as a call of their own, with leaves of their own."""
    values = {name: v.detach().clone().requires_grad_() for name, v in leaves(call).items()}
    part = rebuilt(call, values)
    return replace(
        part,
        x=call.x.detach()[:, rows].clone().requires_grad_(),
        state=tuple(s.detach()[rows].clone().requires_grad_() for s in call.state),
        lengths=None if call.lengths is None else call.lengths[rows],
        reset=None if call.reset is None else call.reset[:, rows],
        recurrent_mask=None if call.recurrent_mask is None else call.recurrent_mask[rows],
        zoneout=tuple(None if z is None else z[:, rows] for z in call.zoneout),
    )


def by_row(call: Call, cotangents: list[Tensor], rows: slice) -> dict[str, Tensor]:
    """All that belongs to a row, batch first: results, gates, gradients of input and state."""
    part = rows_of(call, rows)
    result, trace = recurrence_trace(part, backend="cpu")
    given = [v[rows] for v in cotangents]
    values = [result.output.transpose(0, 1), *result.state]
    loss = sum((value * c).sum() for value, c in zip(values, given, strict=True))
    named = {"x": part.x, **dict(zip(call.spec.state, part.state, strict=True))}
    found = torch.autograd.grad(loss, list(named.values()))  # type: ignore[arg-type]
    gradients = {f"d{n}": g for n, g in zip(named, found, strict=True)}
    gradients["dx"] = gradients["dx"].transpose(0, 1)
    states = {f"step {n}": s.transpose(0, 1) for n, s in trace.states.items()}
    return {f"result {k}": v.detach() for k, v in enumerate(values)} | states | gradients


@each
def test_a_row_does_not_depend_on_its_batch(cell: str, options: str) -> None:
    B = 23
    call = random_call(cell, SETS[options], T=5, B=B, I=7, H=37, dtype=torch.float32)
    rng = torch.Generator().manual_seed(1)
    cotangents = [torch.randn(B, 5, 37, generator=rng)]
    cotangents += [torch.randn(s.shape, generator=rng) for s in call.state]
    whole = by_row(call, cotangents, slice(0, B))
    for rows in (slice(0, 1), slice(1, 6), slice(4, 23), slice(22, 23)):
        for name, value in by_row(call, cotangents, rows).items():
            assert torch.equal(value, whole[name][rows]), f"{name}, rows {rows}"


@each
@pytest.mark.parametrize("B", [1, 3, 16])
@pytest.mark.usefixtures("threads")
def test_threads_change_no_bit(cell: str, options: str, B: int) -> None:
    """Outputs, gates and every gradient, those of the weights included."""
    call = random_call(cell, SETS[options], T=6, B=B, I=40, H=200, dtype=torch.float32, grad=True)
    expected = None
    for count in (1, 2, 3, 5):
        torch.set_num_threads(count)
        got = everything(call, "cpu", trace=True)
        expected = expected or got
        for name, value in got.items():
            assert torch.equal(value, expected[name]), f"{name} with {count} threads"


LOAD = "while True: pass"


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "runs", [16, pytest.param(400, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
@pytest.mark.usefixtures("threads")
def test_many_short_runs_on_more_threads_than_cores_beside_a_load(runs: int) -> None:
    """The barrier is waited at forty times a run; another process takes the cores away."""
    calls = [random_call(cell, (), T=20, B=B, H=200, dtype=torch.float32, grad=True)
             for cell, B in (("gru", 1), ("lstm", 2), ("rnn_tanh", 3))]  # fmt: skip
    torch.set_num_threads(1)
    expected = [everything(call, "cpu") for call in calls]
    others = [subprocess.Popen([sys.executable, "-c", LOAD]) for _ in range(2)]
    try:
        for run in range(runs):
            torch.set_num_threads(run % 8 + 1)
            which = run % len(calls)
            for name, value in everything(calls[which], "cpu").items():
                assert torch.equal(value, expected[which][name]), name
    finally:
        for other in others:
            other.kill()
            other.wait()
