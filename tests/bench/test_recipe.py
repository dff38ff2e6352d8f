from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from elman.bench import recipe
from elman.bench.plan import Plan
from elman.bench.rivals import Rivals
from elman.models.config import LanguageModelConfig

RECIPE = Path(__file__).parents[2] / "recipes" / "tinyshakespeare-lstm.toml"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    def config(cell: Any, backend: str = "auto") -> LanguageModelConfig:
        return LanguageModelConfig(
            cell=cell, embedding_size=6, hidden_size=8, dropout=0.2, backend=backend
        )

    monkeypatch.setattr(recipe, "config", config)
    monkeypatch.setattr(recipe, "BATCH", 3)
    monkeypatch.setattr(recipe, "LENGTH", 5)


def test_it_is_the_recipe() -> None:
    content = tomllib.loads(RECIPE.read_text())
    assert recipe.config("lstm") == LanguageModelConfig(**content["model"])
    train = content["train"]
    assert (train["batch_size"], train["tbptt_length"]) == (recipe.BATCH, recipe.LENGTH)
    assert (train["lr"], train["clip_norm"]) == (recipe.LR, recipe.CLIP_NORM)
    assert train["optimizer"] == "adamw"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_both_models_have_the_same_gradients(plan: Plan, cell: str) -> None:
    row = recipe.measure(plan, cell)
    own, theirs = row.contenders
    assert (own.name, theirs.name) == ("elman", "torch.nn")
    for contender in row.contenders:
        assert contender.error is not None and contender.error < 1e-5
        assert contender.rate == pytest.approx(3 * 5 / contender.median * 1e3)
    assert row.comparisons[0].target


@pytest.mark.usefixtures("small")
def test_a_step_moves_the_weights_and_carries_the_state() -> None:
    model = recipe.make_model("lstm", "torch.nn").train()
    assert isinstance(model.body.layers, recipe.TorchLayers)
    before = [p.detach().clone() for p in model.parameters()]
    trainer = recipe.Trainer(model, torch.randint(65, (3, 6)))
    trainer()
    assert all((a != b).any() for a, b in zip(before, model.parameters(), strict=True))
    h, c = trainer.state
    assert h.shape == (2, 3, 8) and not c.requires_grad


def test_cells_without_a_target_are_left_out(plan: Plan) -> None:
    assert [case.label for case in recipe.cases(plan, Rivals())] == ["gru recipe"]
