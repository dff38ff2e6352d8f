from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

CODE = """
from elman.bench.jax_scan import jax_layer
from elman.bench.problem import LayerProblem, error
for cell in ("rnn", "gru", "lstm"):
    problem = LayerProblem(cell, (3, 5, 4, 6))
    for mode in ("train", "infer"):
        print(error(jax_layer(problem, mode)(), problem.truth[mode]))
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_jax_does_the_same_work() -> None:
    # in a process of its own: where XLA's threads are, no later test could fork
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    errors = [float(line) for line in done.stdout.splitlines()]
    assert len(errors) == 6
    assert all(0 < wrong < 1e-5 for wrong in errors)
