from __future__ import annotations

import pytest
import torch

from elman._errors import ShapeError
from elman.ops import scan


def loop(a: torch.Tensor, b: torch.Tensor, initial: torch.Tensor) -> torch.Tensor:
    rows = []
    for t in range(a.shape[0]):
        initial = a[t] * initial + b[t]
        rows.append(initial)
    return torch.stack(rows) if rows else b


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 63, 64])
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_scan_equals_the_loop(steps: int, batch: int) -> None:
    a, b = torch.rand(2, steps, batch, 5, dtype=torch.float64)
    initial = torch.randn(batch, 5, dtype=torch.float64)
    torch.testing.assert_close(scan(a, b, initial), loop(a, b, initial))


def test_a_gate_at_zero_forgets_all() -> None:
    a, b = torch.rand(2, 5, 1, 2, dtype=torch.float64)
    a[3] = 0.0
    h = scan(a, b, torch.full((1, 2), 1e300, dtype=torch.float64))
    torch.testing.assert_close(h[3], b[3])


def test_gradients() -> None:
    a, b = torch.rand(2, 7, 2, 3, dtype=torch.float64)
    values = [v.requires_grad_() for v in (a, b, torch.randn(2, 3, dtype=torch.float64))]
    assert torch.autograd.gradcheck(scan, values)
    assert torch.autograd.gradgradcheck(scan, values)


def test_shapes_are_checked() -> None:
    with pytest.raises(ShapeError, match="a: expected"):
        scan(torch.ones(3, 1, 1), torch.ones(2, 1, 1), torch.zeros(1, 1))
    with pytest.raises(ShapeError, match="initial: expected"):
        scan(torch.ones(2, 1, 1), torch.ones(2, 1, 1), torch.zeros(1, 2))
