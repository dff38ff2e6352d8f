"""One layer, an input, and the truth: what `elman.ops`'s reference loop says in float64."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from elman import nn
from elman.bench.turns import Run
from elman.nn.layer import RecurrentLayer

__all__ = ["LayerProblem", "Mode", "Shape", "error", "infer", "layer_problem", "train"]

Shape = tuple[int, int, int, int]
Mode = Literal["train", "infer"]

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


class LayerProblem:
    """A layer as torch draws it, an input, and a gradient of the output.

    Shape:
        - x: ``(T, B, I)``; d_output: ``(T, B, H)``
        - weights: names as in torch's state dicts
    """

    def __init__(self, cell: str, shape: Shape) -> None:
        batch, steps, inputs, hidden = shape
        rng = torch.random.get_rng_state()
        torch.manual_seed(0)
        self.cell, self.shape = cell, shape
        self.layer = nn.make_layer(cell, inputs, hidden, backend="cpu")
        self.x = torch.randn(steps, batch, inputs)
        self.d_output = torch.randn(steps, batch, hidden)
        torch.random.set_rng_state(rng)
        self.weights: dict[str, Tensor] = self.layer.state_dict()

    def operations(self, mode: Mode) -> float:
        """Floating point operations of all products; backward has two for each of forward's."""
        batch, steps, inputs, hidden = self.shape
        forward = 2.0 * steps * batch * (inputs + hidden) * GATES[self.cell] * hidden
        return forward * (3 if mode == "train" else 1)

    def own(self, mode: Mode) -> Run:
        """Return elman's layer on its own kernels."""
        return train(self.layer, self.x, self.d_output) if mode == "train" else infer(self)

    def torch(self, mode: Mode) -> Run:
        """Return torch's layer with the same weights."""
        kinds: dict[str, Any] = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
        layer = kinds[self.cell](*self.shape[2:])
        layer.load_state_dict(self.weights)
        return train(layer, self.x, self.d_output) if mode == "train" else infer(self, layer)

    @functools.cached_property
    def truth(self) -> dict[Mode, list[Tensor]]:
        """The reference in float64: the output, and the gradients of x and of the weights."""
        exact = nn.make_layer(self.cell, *self.shape[2:], backend="reference", dtype=torch.float64)
        exact.load_state_dict({name: value.double() for name, value in self.weights.items()})
        x = self.x.double().requires_grad_()
        output = exact(x)[0]
        found = torch.autograd.grad(output, [x, *exact.parameters()], self.d_output.double())
        return {"infer": [output.detach()], "train": list(found)}


@functools.lru_cache(maxsize=1)
def layer_problem(cell: str, shape: Shape) -> LayerProblem:
    """Return the problem, the last one again if it was the same: its truth takes seconds."""
    return LayerProblem(cell, shape)


def infer(problem: LayerProblem, layer: Any = None) -> Run:
    """Return a call that gives ``[output]`` without a graph."""
    runs = layer or problem.layer

    def call() -> list[Tensor]:
        with torch.inference_mode():
            return [runs(problem.x)[0]]

    return call


def train(layer: torch.nn.Module | RecurrentLayer, x: Tensor, d_output: Tensor) -> Run:
    """Return a call that runs forward and backward and gives the gradients of x and weights."""
    x = x.detach().requires_grad_()
    wanted = [x, *layer.parameters()]

    def call() -> Sequence[Tensor]:
        return torch.autograd.grad(layer(x)[0], wanted, d_output)

    return call


def error(found: Sequence[Any], truth: Sequence[Tensor]) -> float:
    """Return the largest difference, relative to the largest value of each tensor."""
    worst = 0.0
    for value, exact in zip(found, truth, strict=True):
        got = value if isinstance(value, Tensor) else torch.from_numpy(np.array(value))
        scale = float(exact.abs().max()) or 1.0
        worst = max(worst, float((got.detach().double() - exact).abs().max()) / scale)
    return worst
