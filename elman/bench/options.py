"""What each option of `elman.nn` costs over the plain layer; no other library has them to compare.

The layer is used as a model uses it: random masks are drawn inside the time that is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from elman import nn
from elman.bench.plan import Case, Plan
from elman.bench.problem import Mode, Shape, error
from elman.bench.record import Comparison, Row
from elman.bench.rivals import Rivals
from elman.bench.targets import OPTIONS
from elman.bench.turns import Run, take_turns

__all__ = ["OptionLayer", "cases", "measure"]

SHAPE: Shape = (32, 128, 128, 256)
MODES: tuple[Mode, ...] = ("train", "infer")
BUILT: dict[str, dict[str, Any]] = {
    "layer_norm": {"layer_norm": True},
    "zoneout": {"zoneout": 0.1},
    "recurrent_dropout": {"recurrent_dropout": 0.3},
}
"""Options that a layer is built with; the others belong to a call."""
RESET_RATE = 0.02
COMPARED = 4
"""Rows of the batch that are held against the reference, which takes its time."""
PLAIN = "plain layer"


class OptionLayer:
    """A layer with one option, and twins of it: the reference in float64 and in float32."""

    def __init__(self, cell: str, shape: Shape, option: str) -> None:
        batch, steps, inputs, hidden = shape
        self.option = option
        built = BUILT.get(option, {})
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            self.layer = nn.make_layer(cell, inputs, hidden, backend="cpu", **built)
            self.x = torch.randn(steps, batch, inputs)
            self.d_output = torch.randn(steps, batch, hidden)
            resets = torch.rand(steps, batch) < RESET_RATE
        self.twins = {
            dtype: nn.make_layer(cell, inputs, hidden, backend="reference", dtype=dtype, **built)
            for dtype in (torch.float64, torch.float32)
        }
        for dtype, twin in self.twins.items():
            named = self.layer.state_dict().items()
            twin.load_state_dict({name: value.to(dtype) for name, value in named})
        self.given: dict[str, Any] = {}
        if option == "reset":
            self.given["reset"] = resets
        if option == "lengths":  # half as long on average
            self.given["lengths"] = torch.linspace(1, steps, batch).long()

    def run(self, mode: Mode, twin: torch.dtype | None = None) -> Run:
        """Return a call that gives all gradients, or the output; of a twin if one is named."""
        layer = self.layer if twin is None else self.twins[twin]
        x, d_output = self.x.to(twin), self.d_output.to(twin)
        call: Callable[..., Any] = layer.trace if self.option == "trace" else layer
        given = self.given

        def train() -> Any:
            return torch.autograd.grad(call(x, **given)[0], wanted, d_output)

        def infer() -> Any:
            with torch.inference_mode():
                return [call(x, **given)[0]]

        if mode == "infer":
            layer.eval()
            return infer
        layer.train()
        x.requires_grad_()
        wanted = [x, *layer.parameters()]
        return train

    def errors(self, mode: Mode) -> tuple[float, float]:
        """Return the layer's error and that of the reference in float32; all draw alike."""
        found = []
        for twin in (torch.float64, None, torch.float32):
            with torch.random.fork_rng([]):
                torch.manual_seed(1)
                found.append(self.run(mode, twin)())
        exact, own, reference = found
        return error(own, exact), error(reference, exact)


def cases(plan: Plan, rivals: Rivals) -> list[Case]:
    """Return a case for each cell and mode; its options take turns with the plain layer."""

    def case(cell: str, mode: Mode) -> Case:
        return Case(
            f"{cell} {mode} options", plan.threads[-1], lambda: measure(plan, cell, SHAPE, mode)
        )

    return [case(cell, mode) for cell in plan.cells for mode in MODES]


def measure(plan: Plan, cell: str, shape: Shape, mode: Mode) -> list[Row]:
    """Let the plain layer and one with each option take turns; one row for each option."""
    options = [o for o in OPTIONS if mode == "train" or o != "recurrent_dropout"]
    few = (min(COMPARED, shape[0]), *shape[1:])
    errors = [OptionLayer(cell, few, option).errors(mode) for option in ("", *options)]
    layers = [OptionLayer(cell, shape, option) for option in ("", *options)]
    plain, *timings = take_turns([layer.run(mode) for layer in layers], plan)
    return [
        Row(
            part="options",
            cell=cell,
            case=f"{mode}, {option}",
            threads=torch.get_num_threads(),
            unit="ms",
            contenders=(
                timing.contender(option, error=wrong[0]),
                plain.contender(PLAIN, error=errors[0][0]),
            ),
            comparisons=(
                Comparison(PLAIN, timing.median / plain.median, OPTIONS[option], "at most"),
            ),
            facts={
                "mode": mode,
                "option": option,
                "shape": list(shape),
                "reference error": wrong[1],
            },
        )
        for option, timing, wrong in zip(options, timings, errors[1:], strict=True)
    ]
