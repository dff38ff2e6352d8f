from __future__ import annotations

import pytest
import torch

from elman.nn.parameters import WeightedModule, parameter_shapes, reset_parameters
from elman.ops import CELLS, Weights


@pytest.mark.parametrize("cell", list(CELLS))
def test_names_are_the_fields_of_weights(cell: str) -> None:
    spec = CELLS[cell]
    rows = 5 * len(spec.gates)
    for bias in (True, False):
        shapes, norms = parameter_shapes(spec, 3, 5, 2, bias, True)
        assert {*shapes, *norms} <= set(Weights._fields)
        assert shapes["weight_ih"] == (rows, 3)
        assert shapes["weight_hh"] == (rows, 2)
        assert ("bias_ih" in shapes) == bias
        assert ("norm_c" in norms) == spec.normed_state
        assert ("norm_c_bias" in norms) == (spec.normed_state and bias)
    assert parameter_shapes(spec, 3, 5, 0, True, False)[1] == {}


def test_first_values() -> None:
    named = {n: torch.empty(4000) for n in ("weight_hh_l0", "norm_hh_l0", "norm_c_bias_l0")}
    reset_parameters(named.items(), 16)
    assert float(named["weight_hh_l0"].abs().max()) == pytest.approx(0.25, abs=0.01)
    assert named["norm_hh_l0"].unique().tolist() == [1.0]
    assert named["norm_c_bias_l0"].unique().tolist() == [0.0]


def test_the_base_promises_weights() -> None:
    with pytest.raises(NotImplementedError):
        WeightedModule().weights()
