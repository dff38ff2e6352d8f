"""The incomplete beta function against scipy's and against its own identities."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.models.incomplete_beta import incomplete_beta


@pytest.mark.parametrize("size", [0.3, 1.0, 7.5, 400.0, 1e5])
def test_it_is_scipys(size: float) -> None:
    special = pytest.importorskip("scipy.special")
    rng = np.random.default_rng(3)
    a, b = size * rng.uniform(0.2, 2, 200), size * rng.uniform(0.2, 2, 200)
    x = rng.beta(a, b)
    found = incomplete_beta(torch.tensor(a), torch.tensor(b), torch.tensor(x))
    np.testing.assert_allclose(found.numpy(), special.betainc(a, b, x), rtol=1e-8, atol=1e-13)


def test_ends_and_symmetry() -> None:
    a, b = torch.tensor([0.5, 3.0]).double(), torch.tensor([2.0, 40.0]).double()
    assert incomplete_beta(a, b, torch.zeros(2)).tolist() == [0.0, 0.0]
    assert incomplete_beta(a, b, torch.ones(2)).tolist() == [1.0, 1.0]
    x = torch.tensor([0.1, 0.9]).double()
    torch.testing.assert_close(incomplete_beta(a, b, x), 1 - incomplete_beta(b, a, 1 - x))


def test_it_broadcasts() -> None:
    assert incomplete_beta(torch.ones(3, 1), torch.ones(4), torch.tensor(0.5)).shape == (3, 4)
