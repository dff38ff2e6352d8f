"""The plain engine equals the equations as the papers write them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.ops import CELLS
from elman.runtime import network
from elman.runtime.network import Network
from elman.runtime.plain import STEPS, PlainEngine, sigmoid, to_bf16
from tests import oracle
from tests.runtime.networks import CASES, make_stack, plain_layers, random_input


def test_every_cell_can_be_stepped() -> None:
    assert set(STEPS) == set(network.CELLS) == set(CELLS)
    for name in CELLS:
        assert network.CELLS[name] == len(CELLS[name].gates)


@pytest.mark.parametrize(("cell", "option"), CASES)
def test_equals_the_oracle(cell: str, option: str) -> None:
    (layer,) = plain_layers(make_stack(cell, option, (5, 7)))
    steps, batch = 12, 3
    x = random_input(steps, batch, 5)
    zero = {
        name: np.zeros((batch, size)) for name, size in zip("hc", layer.state_sizes, strict=False)
    }
    stay = {
        name: np.full((steps, batch, size), zone)
        for name, size, zone in zip("hc", layer.state_sizes, layer.zone, strict=False)
    }
    arrays = {
        name: value
        for name, value in vars(layer).items()
        if value is not None and name not in ("cell", "zoneout")
    }
    truth = oracle.run(cell, arrays, x, zero, zoneout=stay)
    checked = Network((layer,)).checked(np.dtype(np.float64))
    engine = PlainEngine(checked, batch, bf16=False, softmax=False)
    for t in range(steps):
        assert engine.step(x[t]) == 0
        np.testing.assert_allclose(engine.output(), truth.output[t], rtol=0, atol=1e-12)
    for name, held in zip(zero, engine.state(), strict=True):
        np.testing.assert_allclose(held, truth.final[name], rtol=0, atol=1e-12)


def test_bf16_rounds_as_torch_does() -> None:
    values = np.random.default_rng(0).normal(size=4096).astype(np.float32)
    values[:3] = [1 + 2**-8, 1 + 3 * 2**-8, -0.0]  # two ties, which go to the even neighbour
    rounded = to_bf16(values)
    assert np.array_equal(rounded, torch.from_numpy(values).bfloat16().float().numpy())
    assert (np.abs(rounded - values) <= np.abs(values) / 256).all()


def test_sigmoid_is_quiet_at_the_ends() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0.0, 0.5, 1.0]
