from __future__ import annotations

import pytest
import torch

from elman.bench import step
from elman.bench.plan import CELLS, Plan
from elman.bench.rivals import Rivals
from elman.bench.turns import Timing


@pytest.mark.parametrize("cell", CELLS)
def test_all_take_the_same_steps(plan: Plan, cell: str) -> None:
    threads = torch.get_num_threads()
    row = step.measure(plan, Rivals(onnx=False), step.StepProblem(cell, 16))
    torch.set_num_threads(threads)
    names = [contender.name for contender in row.contenders]
    assert names == [step.OWN, step.HALF, step.TORCH, step.LAYER]
    for contender in row.contenders:
        assert contender.error is not None and contender.rate
        assert contender.error < (1e-2 if contender.name == step.HALF else 1e-5)


def test_the_best_of_onnx_runtime_is_compared() -> None:
    timings = {
        step.OWN: Timing((1.0,)),
        step.HALF: Timing((0.5,)),
        step.TORCH: Timing((8.0,)),
        f"{step.ONNX} 1t": Timing((6.0,)),
        f"{step.ONNX} 2t": Timing((5.0,)),
    }
    torch_cell, onnx, half = step.compare(256, timings)
    assert (torch_cell.value, torch_cell.target) == (8.0, 5.0)
    assert (onnx.value, onnx.target) == (5.0, 1.8)
    assert (half.value, half.target) == (2.0, 1.6)


def test_onnx_runtime_runs_with_one_thread_and_all() -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    runs = step.StepProblem("gru", 8).contenders(Rivals(), 2)
    assert [name for name in runs if name.startswith(step.ONNX)] == [
        "ONNX Runtime 1t",
        "ONNX Runtime 2t",
    ]


def test_torch_gets_the_threads_that_serve_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "timed", lambda run, repeats: 1.0 / torch.get_num_threads())
    before = torch.get_num_threads()
    assert step.best_threads(lambda: None, 2) == 2
    torch.set_num_threads(before)
