from __future__ import annotations

import numpy as np
import pytest

from elman.bench.plan import CELLS
from elman.bench.problem import LayerProblem, error

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from elman.bench.onnx_layer import onnx_layer, onnx_step


@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_in_onnx_does_the_same_work(cell: str) -> None:
    problem = LayerProblem(cell, (3, 5, 4, 6))
    weights = {name: value.numpy() for name, value in problem.weights.items()}
    run = onnx_layer(cell, weights, problem.x.numpy(), 1)
    assert 0 < error(run(), problem.truth["infer"]) < 1e-5


@pytest.mark.parametrize("cell", CELLS)
def test_steps_in_onnx_carry_the_state(cell: str) -> None:
    problem = LayerProblem(cell, (1, 4, 6, 6))
    problem.x[:] = problem.x[:1].clone()  # one input, again and again
    weights = {name: value.numpy() for name, value in problem.weights.items()}
    step = onnx_step(cell, weights, problem.x[:1].numpy(), 1)
    outputs = np.stack([np.array(step()) for _ in range(4)])
    assert 0 < error([outputs], problem.truth["infer"]) < 1e-5
