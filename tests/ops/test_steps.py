from __future__ import annotations

import pytest
import torch

from elman.ops.steps import CELLS, identity
from tests import oracle
from tests.ops.calls import random_call


@pytest.mark.parametrize("cell", list(CELLS))
def test_every_cell_has_an_oracle(cell: str) -> None:
    assert cell in oracle.STEPS, f"write {cell} from its paper in tests/oracle.py"


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_spec_says_what_its_step_does(cell: str) -> None:
    spec = CELLS[cell]
    assert spec.name == cell
    call = random_call(cell)
    packed = torch.randn(2, len(spec.gates) * 4, dtype=torch.float64)
    state = tuple(s[:2] for s in call.state)
    new, gates = spec.step(packed, packed, state, identity)
    assert len(new) == len(spec.state) == len(state)
    assert len(gates) == len(spec.gates)
    assert all(s.shape == (2, 4) for s in (*new, *gates))


@pytest.mark.parametrize("cell", [c for c in CELLS if CELLS[c].keeps])
def test_the_gate_that_keeps_keeps(cell: str) -> None:
    spec = CELLS[cell]
    assert spec.keeps is not None
    # open the keeping gate wide, shut the writing one: the memory does not change
    packed = torch.zeros(1, len(spec.gates), 4, dtype=torch.float64)
    packed[:, spec.gates.index(spec.keeps)] = 40.0
    if spec.writes is not None:
        packed[:, spec.gates.index(spec.writes)] = -40.0
    state = tuple(torch.randn(1, 4, dtype=torch.float64) for _ in spec.state)
    new, _ = spec.step(packed.flatten(1), torch.zeros_like(packed.flatten(1)), state, identity)
    torch.testing.assert_close(new[-1], state[-1])
