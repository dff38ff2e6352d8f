"""Contributions sum to the log-odds that the sequence has moved."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from elman._errors import DataError
from elman.models import attribution
from elman.models.attribution import integrated_gradients, log_odds
from elman.models.classifier import SequenceClassifier, token_classifier
from elman.models.classifier_config import TokenClassifierConfig
from elman.nn.pooling import POOLINGS

TOKENS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])


def made(**values: Any) -> SequenceClassifier:
    torch.manual_seed(5)
    config = TokenClassifierConfig(**{"hidden_size": 8, "embedding_size": 5, **values})
    model = token_classifier(10, 3, config).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)  # decided, so that there is something to explain
    return model.eval()


@pytest.mark.parametrize("target", [0, 2])
@pytest.mark.parametrize("pooling", [name for name in POOLINGS if name != "centre"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_contributions_sum_to_the_difference(cell: str, pooling: str, target: int) -> None:
    model = made(cell=cell, pooling=pooling)
    model.temperature.fill_(1.3)
    features = model.frontend(TOKENS)
    found = integrated_gradients(model, features, target)
    odds = (model.log_probs(TOKENS).exp()).logit()[0, target]
    torch.testing.assert_close(torch.tensor(found.score).double(), odds)
    nothing = log_odds(model, torch.zeros_like(features), target)
    torch.testing.assert_close(torch.tensor(found.base).double(), nothing[0])
    total = float(found.contributions.sum())
    assert abs(found.score - found.base) > 1e-3
    assert abs(total - (found.score - found.base)) <= 0.0101 * abs(found.score - found.base)
    assert found.gap == pytest.approx(found.score - found.base - total)


def test_a_linear_model_is_explained_exactly() -> None:
    class Sum(torch.nn.Module):
        def forward(self, x: torch.Tensor, lengths: Any = None) -> Any:
            return type("Output", (), {"output": x})()

    model = made(pooling="mean", bidirectional=False, hidden_size=5)
    model.body = Sum()
    features = model.frontend(TOKENS)
    found = integrated_gradients(model, features, 1, points=2)
    with torch.no_grad():  # two classes: the log-odds are linear
        model.head = torch.nn.Linear(5, 2).double()
        found = integrated_gradients(model, features, 1, points=2)
        way = model.head.weight[1] - model.head.weight[0]
        expected = (features[:, 0] @ way) / TOKENS.shape[1]
    torch.testing.assert_close(found.contributions, expected)


def test_a_token_that_changes_nothing_contributes_nothing() -> None:
    model = made()
    features = model.frontend(TOKENS).detach()
    features[3] = 0.0
    assert integrated_gradients(model, features, 0).contributions[3] == 0


def test_long_sequences_are_integrated_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = made()
    features = model.frontend(TOKENS)
    whole = integrated_gradients(model, features, 0)
    monkeypatch.setattr(attribution, "BATCH_STEPS", 3 * TOKENS.shape[1])
    parts = integrated_gradients(model, features, 0)
    torch.testing.assert_close(parts.contributions, whole.contributions)


def test_the_model_is_left_as_it_was() -> None:
    model = made().train()
    integrated_gradients(model, model.frontend(TOKENS), 0)
    assert model.training and all(p.grad is None for p in model.parameters())


def test_one_sequence_with_a_step_is_needed() -> None:
    for shape in ((4, 2, 5), (0, 1, 5), (4, 5)):
        with pytest.raises(DataError, match=r"expected \(T, 1, E\)"):
            integrated_gradients(made(), torch.zeros(shape), 0)
