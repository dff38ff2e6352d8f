"""The reference loop against the NumPy oracle, and its gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from elman.ops import CELLS, recurrence, recurrence_trace
from tests.ops.calls import OPTIONS, leaves, random_call, rebuilt, run_oracle

SIZES = [(0, 2, 4), (1, 1, 1), (2, 3, 5), (5, 0, 3), (7, 3, 4)]


def close(got: Tensor, expected: np.ndarray) -> None:
    assert got.shape == expected.shape
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("options", list(OPTIONS))
@pytest.mark.parametrize("cell", list(CELLS))
def test_reference_equals_oracle(cell: str, options: str, reverse: bool) -> None:
    for seed, (steps, batch, hidden) in enumerate(SIZES):
        call = random_call(cell, OPTIONS[options], T=steps, B=batch, H=hidden, seed=seed)
        got = recurrence(call, reverse=reverse, backend="reference")
        expected = run_oracle(call, reverse)
        close(got.output, expected.output)
        for name, final in zip(call.spec.state, got.state, strict=True):
            close(final, expected.final[name])


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [1, 5, 33])
@pytest.mark.parametrize("steps", [1, 2, 63])
@pytest.mark.parametrize("options", list(OPTIONS))
@pytest.mark.parametrize("cell", list(CELLS))
def test_reference_equals_oracle_wide(cell: str, options: str, steps: int, hidden: int) -> None:
    call = random_call(cell, OPTIONS[options], T=steps, H=hidden)
    for reverse in (False, True):
        got = recurrence(call, reverse=reverse, backend="reference")
        close(got.output, run_oracle(call, reverse).output)


@pytest.mark.parametrize("cell", list(CELLS))
def test_gates_are_told_apart(cell: str) -> None:
    # the ladder is worth nothing if swapped gates would pass it
    call = random_call(cell)
    gates = len(call.spec.gates)
    swapped = {
        n: v.reshape(gates, -1, *v.shape[1:]).flip(0).reshape(v.shape)
        for n, v in leaves(call).items()
        if n.startswith(("weight", "bias"))
    }
    other = recurrence(rebuilt(call, leaves(call) | swapped)).output
    assert gates == 1 or (other - recurrence(call).output).abs().max() > 1e-2


@pytest.mark.parametrize("options", list(OPTIONS))
@pytest.mark.parametrize("cell", list(CELLS))
def test_gradients(cell: str, options: str) -> None:
    call = random_call(cell, OPTIONS[options], T=4, B=2, H=3, grad=True, seed=3)
    names = list(leaves(call))

    for reverse in (False, True):

        def outputs(*values: Tensor, reverse: bool = reverse) -> tuple[Tensor, ...]:
            result = recurrence(
                rebuilt(call, dict(zip(names, values, strict=True))),
                reverse=reverse,
                backend="reference",
            )
            return (result.output, *result.state)

        assert torch.autograd.gradcheck(outputs, tuple(leaves(call).values()), fast_mode=True)


@pytest.mark.parametrize("options", ["plain", "all"])
@pytest.mark.parametrize("cell", list(CELLS))
def test_gradients_element_by_element(cell: str, options: str) -> None:
    call = random_call(cell, OPTIONS[options], T=3, B=2, I=2, H=3, grad=True, seed=5)
    names = list(leaves(call))

    def outputs(*values: Tensor) -> tuple[Tensor, ...]:
        result = recurrence(
            rebuilt(call, dict(zip(names, values, strict=True))), backend="reference"
        )
        return (result.output, *result.state)

    assert torch.autograd.gradcheck(outputs, tuple(leaves(call).values()))


@pytest.mark.parametrize("options", list(OPTIONS))
@pytest.mark.parametrize("cell", list(CELLS))
def test_second_gradients(cell: str, options: str) -> None:
    call = random_call(cell, OPTIONS[options], T=3, B=2, I=2, H=3, grad=True, seed=4)
    names = list(leaves(call))

    def outputs(*values: Tensor) -> tuple[Tensor, ...]:
        result = recurrence(
            rebuilt(call, dict(zip(names, values, strict=True))), backend="reference"
        )
        return (result.output, *result.state)

    assert torch.autograd.gradgradcheck(outputs, tuple(leaves(call).values()), fast_mode=True)


@pytest.mark.parametrize("cell", list(CELLS))
def test_no_steps_hand_the_state_on(cell: str) -> None:
    call = random_call(cell, T=0)
    result, trace = recurrence_trace(call, backend="reference")
    assert result.output.shape == (0, 3, 4)
    assert all(torch.equal(a, b) for a, b in zip(result.state, call.state, strict=True))
    assert all(gate.shape == (0, 3, 4) for gate in trace.gates.values())
