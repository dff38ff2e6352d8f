"""Training throughput of the tinyshakespeare recipe: elman.nn's layers beside torch.nn's.

Everything but the recurrent layers is the same code: embedding, dropout, softmax, loss,
clipping and optimiser. Random tokens of the recipe's shape stand for the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from elman.bench.plan import Case, Plan
from elman.bench.problem import error
from elman.bench.record import Comparison, Row
from elman.bench.rivals import Rivals
from elman.bench.targets import RECIPE
from elman.bench.turns import Run, take_turns
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.nn.layer import RecurrentLayer
from elman.nn.state import detach_state

__all__ = ["BATCH", "CLIP_NORM", "LENGTH", "LR", "TorchLayers", "cases", "config", "measure"]

VOCABULARY = 65
BATCH, LENGTH = 32, 128
LR, CLIP_NORM = 3e-3, 1.0
COMPARED = 4
"""Rows of the batch whose gradients are held against the reference."""


def config(cell: Any, backend: str = "auto") -> LanguageModelConfig:
    """Return the recipe's model."""
    return LanguageModelConfig(
        cell=cell, embedding_size=64, hidden_size=384, num_layers=2, dropout=0.2, backend=backend
    )


class TorchLayers(torch.nn.Module):
    """torch's recurrent layers in the place of elman's, with the same weights."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        c = model.config
        kinds: dict[str, Any] = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
        self.net = kinds[c.cell](
            c.embedding_size, c.hidden_size, num_layers=c.num_layers, dropout=c.dropout
        )
        self.net.load_state_dict(
            {
                name.replace("_l0", f"_l{k}"): value
                for k, layer in enumerate(model.body.layers.layers)
                for name, value in layer.state_dict().items()
            }
        )

    def forward(
        self, x: Tensor, state: Any = None, *, lengths: None = None, reset: None = None
    ) -> tuple[Tensor, Any]:
        """Run all layers; the recipe has neither lengths nor resets."""
        output, final = self.net(x, state)
        return output, final


def make_model(cell: str, kind: str) -> LanguageModel:
    """Build the recipe's model on elman's layers, on torch's, or as the truth in float64."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = LanguageModel(VOCABULARY, config(cell, "reference" if kind == "truth" else "auto"))
    if kind == "torch.nn":
        model.body.add_module("layers", TorchLayers(model))
    return model.double() if kind == "truth" else model


class Trainer:
    """A training step as one writes it by hand; the state is carried on, cut from its graph."""

    def __init__(self, model: LanguageModel, tokens: Tensor) -> None:
        self.model, self.inputs, self.targets = model, tokens[:, :-1], tokens[:, 1:]
        self.state: Any = None
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=LR, fused=True)

    def __call__(self) -> None:
        loss = self.model.loss(self.inputs, self.targets, self.state)
        self.state = detach_state(loss.state)
        self.optimizer.zero_grad()
        loss.total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        self.optimizer.step()


def cases(plan: Plan, rivals: Rivals) -> list[Case]:
    """Return the cells that a language model is made of."""

    def case(cell: str) -> Case:
        return Case(f"{cell} recipe", plan.threads[-1], lambda: [measure(plan, cell)])

    return [case(cell) for cell in RECIPE if cell in plan.cells]


def measure(plan: Plan, cell: str) -> Row:
    """Let both models train in turns, after their first gradients were compared."""
    names = ("elman", "torch.nn")
    rng = torch.Generator().manual_seed(0)
    tokens = torch.randint(VOCABULARY, (BATCH, LENGTH + 1), generator=rng)
    models = {name: make_model(cell, name) for name in names}
    truth = gradients(make_model(cell, "truth"), tokens[:COMPARED])
    errors = [error(gradients(models[name], tokens[:COMPARED]), truth) for name in names]
    runs: list[Run] = [Trainer(models[name].train(), tokens) for name in names]
    timings = take_turns(runs, plan)
    count = BATCH * LENGTH
    return Row(
        part="recipe",
        cell=cell,
        case="2 x 384, B 32, T 128",
        threads=torch.get_num_threads(),
        unit="ms",
        contenders=tuple(
            timing.contender(name, error=wrong, rate=count / timing.median)
            for name, timing, wrong in zip(names, timings, errors, strict=True)
        ),
        comparisons=(Comparison("torch.nn", timings[1].median / timings[0].median, RECIPE[cell]),),
        rate_unit="tokens/s",
        facts={"auto": chosen(models["elman"])},
    )


def gradients(model: LanguageModel, tokens: Tensor) -> Sequence[Tensor]:
    """Return the gradients of all parameters without dropout, which no two draw alike.

    torch's layers hold the same parameters in the same order, whatever they are called.
    """
    loss = model.eval().loss(tokens[:, :-1], tokens[:, 1:])
    return torch.autograd.grad(loss.nats, ordered(model))


def ordered(model: LanguageModel) -> list[Tensor]:
    """Return the parameters: embedding, layers, head."""
    parts = map(model.get_submodule, ("embedding", "body.layers", "head"))
    return [parameter for part in parts for parameter in part.parameters()]


def chosen(model: LanguageModel) -> str:
    """Return the backend that the upper layer takes while it learns."""
    layer = model.body.layers.layers[-1]
    assert isinstance(layer, RecurrentLayer)  # noqa: S101
    return layer.explain(torch.zeros(LENGTH, BATCH, layer.input_size)).chosen
