"""One step of one layer from Python, one row: the stepper beside torch's cells and ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman import nn
from elman.bench.onnx_layer import onnx_step
from elman.bench.plan import Case, Plan
from elman.bench.problem import error
from elman.bench.record import Comparison, Row
from elman.bench.rivals import Rivals
from elman.bench.targets import BF16, ONNX_STEP, TORCH_STEP
from elman.bench.turns import Run, Timing, take_turns, timed
from elman.runtime import LayerWeights, Stepper

__all__ = ["StepProblem", "cases", "measure"]

SIZES, QUICK_SIZES = (64, 128, 256, 512), (128,)
SPECS = {"rnn": "rnn_tanh", "gru": "gru", "lstm": "lstm"}
COMPARED = 20
"""First steps, with the state carried on, that are held against the reference."""
SLICE_S = 0.005
OWN, HALF, TORCH, LAYER, ONNX = (
    "elman",
    "elman bf16",
    "torch cell",
    "elman.nn layer",
    "ONNX Runtime",
)


class StepProblem:
    """A layer with I = H = size, and one input that comes at every step."""

    def __init__(self, cell: str, size: int) -> None:
        rng = torch.random.get_rng_state()
        torch.manual_seed(0)
        self.cell, self.size = cell, size
        self.layer = nn.make_layer(cell, size, size, backend="cpu").eval()
        self.x = torch.randn(1, 1, size)
        torch.random.set_rng_state(rng)
        self.weights: dict[str, NDArray[np.float32]] = {
            name: value.numpy() for name, value in self.layer.state_dict().items()
        }

    def truth(self) -> torch.Tensor:
        """The first outputs ``(COMPARED, 1, H)`` of the reference in float64."""
        exact = nn.make_layer(
            self.cell, self.size, self.size, backend="reference", dtype=torch.float64
        )
        exact.load_state_dict({k: v.double() for k, v in self.layer.state_dict().items()})
        with torch.no_grad():
            output: torch.Tensor = exact(self.x.double().expand(COMPARED, 1, self.size))[0]
        return output

    def stepper(self, **options: Any) -> Run:
        """Return the stepper's step; NumPy in, NumPy out."""
        arrays: dict[str, Any] = {n.removesuffix("_l0"): value for n, value in self.weights.items()}
        step = Stepper([LayerWeights(SPECS[self.cell], **arrays)], **options).step
        x = self.x[0].numpy()
        return lambda: step(x)

    def torch_cell(self) -> Run:
        """Return a step of torch's cell."""
        kinds: dict[str, Any] = {
            "rnn": torch.nn.RNNCell,
            "gru": torch.nn.GRUCell,
            "lstm": torch.nn.LSTMCell,
        }
        cell = kinds[self.cell](self.size, self.size)
        named = self.layer.state_dict().items()
        cell.load_state_dict({name.removesuffix("_l0"): value for name, value in named})
        x, state = self.x[0], None

        def call() -> Any:
            nonlocal state
            state = cell(x, state)
            return state[0] if isinstance(state, tuple) else state

        return call

    def own_layer(self) -> Run:
        """Return a step of elman's layer: what the stepper saves."""
        state: Any = None

        def call() -> Any:
            nonlocal state
            output, state = self.layer(self.x, state)
            return output[0]

        return call

    def contenders(self, rivals: Rivals, threads: int) -> dict[str, Run]:
        """Return all that can take a step, the stepper first."""
        runs = {
            OWN: self.stepper(),
            HALF: self.stepper(weights="bf16"),
            TORCH: self.torch_cell(),
            LAYER: self.own_layer(),
        }
        if rivals.onnx:
            for count in sorted({1, threads}):
                x = self.x.numpy()
                runs[f"{ONNX} {count}t"] = onnx_step(self.cell, self.weights, x, count)
        return runs


def cases(plan: Plan, rivals: Rivals) -> list[Case]:
    """Return every cell and size."""

    def case(cell: str, size: int) -> Case:
        return Case(
            f"{cell} step {size}",
            plan.threads[-1],
            lambda: [measure(plan, rivals, StepProblem(cell, size))],
        )

    sizes = QUICK_SIZES if plan.quick else SIZES
    return [case(cell, size) for cell in plan.cells for size in sizes]


def measure(plan: Plan, rivals: Rivals, problem: StepProblem) -> Row:
    """Let all contenders take turns, after their first steps were compared."""
    truth, most = problem.truth(), torch.get_num_threads()
    with torch.inference_mode():
        best = best_threads(problem.torch_cell(), most)
        torch.set_num_threads(best)
        runs = problem.contenders(rivals, most)
        errors = [
            error([np.stack([np.asarray(run()).copy() for _ in range(COMPARED)])], [truth])
            for run in runs.values()
        ]
        timings = take_turns(list(runs.values()), plan, slice_s=SLICE_S)
    bytes_read = 4 * sum(value.size for value in problem.weights.values())
    return Row(
        part="step",
        cell=problem.cell,
        case=f"I = H = {problem.size}",
        threads=1,
        unit="us",
        contenders=tuple(
            timing.contender(
                name,
                scale=1e6,
                error=wrong,
                rate=bytes_read / (2 if name == HALF else 1) / timing.median / 1e9,
            )
            for name, timing, wrong in zip(runs, timings, errors, strict=True)
        ),
        comparisons=compare(problem.size, dict(zip(runs, timings, strict=True))),
        rate_unit="GB/s of weights",
        facts={"size": problem.size, "torch threads": best},
    )


def best_threads(run: Run, most: int) -> int:
    """Return whether one thread or all serve torch better."""
    seconds = {}
    for count in (1, most):
        torch.set_num_threads(count)
        timed(run, 20)
        seconds[count] = min(timed(run, 50) for _ in range(5))
    return min(seconds, key=seconds.__getitem__)


def compare(size: int, timings: dict[str, Timing]) -> tuple[Comparison, ...]:
    """Return how many times faster the float32 stepper is; ONNX Runtime with its best threads."""
    own = timings[OWN].median
    found = [Comparison(TORCH, timings[TORCH].median / own, TORCH_STEP.get(size))]
    onnx = [timing.median for name, timing in timings.items() if name.startswith(ONNX)]
    if onnx:
        found.append(Comparison(ONNX, min(onnx) / own, ONNX_STEP.get(size)))
    found.append(Comparison("bf16 over fp32", own / timings[HALF].median, BF16.get(size)))
    return tuple(found)
