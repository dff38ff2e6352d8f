"""The operators as torch sees them: schema, shapes, gradient, compile."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from elman._errors import BackendUnavailable
from elman._native import KERNELS
from elman.ops import CELLS, recurrence
from tests.ops.backends.test_cpu import EVERYTHING, parts
from tests.ops.calls import leaves, random_call, rebuilt

pytestmark = pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")
every_cell = pytest.mark.parametrize("cell", list(CELLS))


@every_cell
def test_gradcheck(cell: str) -> None:
    call = random_call(cell, EVERYTHING, T=4, B=3, I=2, H=3, grad=True)
    named = leaves(call)

    def run(*values: Tensor) -> tuple[Tensor, ...]:
        result = recurrence(rebuilt(call, dict(zip(named, values, strict=True))), backend="cpu")
        return (result.output, *result.state)

    assert torch.autograd.gradcheck(run, tuple(named.values()))


@every_cell
def test_second_derivative_is_refused(cell: str) -> None:
    call = random_call(cell, grad=True)
    output = recurrence(call, backend="cpu").output
    (first,) = torch.autograd.grad(output.square().sum(), call.x, create_graph=True)
    with pytest.raises(BackendUnavailable, match="backend='reference'"):
        first.sum().backward()


def operator_arguments(cell: str, options: tuple[str, ...], grad: bool) -> list[tuple[object, ...]]:
    """The arguments with which a call reaches the operator and its gradient."""
    seen: list[tuple[object, ...]] = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            if func.namespace == "elman":
                seen.append((func, args))
            return func(*args, **(kwargs or {}))

    with Watch():
        parts(random_call(cell, options, T=3, B=2, H=3, grad=grad), "cpu")
    return seen


@every_cell
@pytest.mark.parametrize("options", [(), EVERYTHING])
def test_opcheck(cell: str, options: tuple[str, ...]) -> None:
    calls = operator_arguments(cell, options, grad=True)
    assert {str(func) for func, _ in calls} >= {
        "elman.recurrence.default", "elman.recurrence_backward.default",
    }  # fmt: skip
    for func, args in calls:
        leaf = [a.detach() if isinstance(a, Tensor) else a for a in args]
        if "backward" not in str(func):  # the gradient has no gradient
            for value in leaf[:8]:
                if isinstance(value, Tensor):
                    value.requires_grad_()
        torch.library.opcheck(func, tuple(leaf))


@pytest.mark.parametrize("options", [(), ("reset", "layer_norm", "zoneout_rate", "recurrent_mask")])
def test_compiles_whole(options: tuple[str, ...]) -> None:
    call = random_call("gru", options, dtype=torch.float32, grad=True)
    named = leaves(call)

    def run(values: dict[str, Tensor]) -> Tensor:
        result = recurrence(rebuilt(call, values), backend="cpu")
        return result.output.square().sum() + result.state[0].sum()

    compiled = torch.compile(run, fullgraph=True, backend="aot_eager")
    got = torch.autograd.grad(compiled(named), list(named.values()))
    expected = torch.autograd.grad(run(named), list(named.values()))
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b)
