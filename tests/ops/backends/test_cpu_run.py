"""Pieces of time, threads, processes: none of them changes a result."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from elman._native import KERNELS
from elman.ops import CELLS, Call, recurrence
from elman.ops.backends import cpu_run
from tests.ops.backends.test_cpu import EVERYTHING, parts
from tests.ops.calls import OPTIONS, random_call

pytestmark = pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")
every_cell = pytest.mark.parametrize("cell", list(CELLS))


@every_cell
@pytest.mark.parametrize("options", ["plain", "lengths", "recurrent_mask", "everything"])
@pytest.mark.parametrize("steps", [1, 3])
def test_time_may_be_cut_anywhere(
    cell: str, options: str, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = EVERYTHING if options == "everything" else OPTIONS[options]
    call = random_call(cell, chosen, T=7, B=5, H=6, grad=True)
    whole = parts(call, "cpu")
    with torch.no_grad():
        inferred = recurrence(call, backend="cpu")
    row_bytes = 8 * len(call.spec.gates) * 6
    monkeypatch.setattr(cpu_run, "PIECE_BYTES", steps * 5 * row_bytes)
    for key, value in parts(call, "cpu").items():
        torch.testing.assert_close(value, whole[key], msg=key)
    with torch.no_grad():
        cut = recurrence(call, backend="cpu")
    assert torch.equal(cut.output, inferred.output)
    assert all(map(torch.equal, cut.state, inferred.state))


def only_own_kernels(call: Call, threads: int) -> list[Tensor]:
    """Run the operator and its gradient; torch's own sums keep one thread throughout."""
    torch.set_num_threads(1)
    x = torch.randn(call.x.shape[0] * call.x.shape[1], call.weights.weight_hh.shape[0],
                    generator=torch.Generator().manual_seed(3)).requires_grad_()  # fmt: skip
    call = replace(call, x=x.view(*call.x.shape[:2], -1), weights=call.weights._replace(
        weight_ih=torch.eye(x.shape[1]), bias_ih=None))  # fmt: skip
    gains = [g for g in call.weights[5:] if g is not None]
    torch.set_num_threads(threads)
    result = recurrence(call, backend="cpu")
    grads = torch.autograd.grad(
        result.output.square().sum() + sum(s.sum() for s in result.state),
        [x, *call.state, *gains],
    )
    return [result.output, *result.state, *grads]


@every_cell
@pytest.mark.parametrize("options", [(), EVERYTHING])
@pytest.mark.parametrize("B", [1, 2, 3, 16])
def test_threads_do_not_change_a_bit(cell: str, options: tuple[str, ...], B: int) -> None:
    before = torch.get_num_threads()
    call = random_call(cell, options, T=5, B=B, H=200, dtype=torch.float32, grad=True)
    try:
        one, *others = (only_own_kernels(call, n) for n in (1, 2, 3, 5))
    finally:
        torch.set_num_threads(before)
    for other in others:
        assert all(map(torch.equal, one, other))


@every_cell
def test_a_row_does_not_depend_on_its_batch(cell: str) -> None:
    call = random_call(cell, ("reset", "layer_norm"), T=4, B=23, H=37, dtype=torch.float32)
    whole = recurrence(call, backend="cpu").output
    assert call.reset is not None
    for rows in (slice(0, 1), slice(1, 6), slice(4, 23)):
        part = replace(
            call, x=call.x[:, rows], state=tuple(s[rows] for s in call.state),
            reset=call.reset[:, rows],
        )  # fmt: skip
        torch.testing.assert_close(
            recurrence(part, backend="cpu").output, whole[:, rows], rtol=1e-5, atol=1e-6
        )


def test_eight_threads_of_python_at_once() -> None:
    calls = [random_call(cell, (), T=30, B=4, H=100, seed=s, dtype=torch.float32)
             for s, cell in enumerate([*CELLS, *CELLS])]  # fmt: skip
    expected = [recurrence(call, backend="cpu").output for call in calls]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            got = list(pool.map(lambda call: recurrence(call, backend="cpu").output, calls))
            assert all(map(torch.equal, got, expected))


@pytest.mark.parametrize("threads", [1, 2])
def test_fork_after_use(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        call = random_call("lstm", (), T=20, B=8, H=128, dtype=torch.float32)
        expected = recurrence(call, backend="cpu").output
        pid = os.fork()
        if pid == 0:  # nothing but the kernels, and no way back into pytest
            torch.set_num_threads(1)
            same = torch.equal(recurrence(call, backend="cpu").output, expected)
            os._exit(0 if same else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        torch.set_num_threads(before)
