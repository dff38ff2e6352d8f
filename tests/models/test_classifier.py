"""A classifier is frontend, body, pooling, softmax; rows and padding do not touch each other."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from elman._errors import ConfigError, DataError
from elman.models.classifier import SequenceClassifier, token_classifier
from elman.models.classifier_config import ClassifierConfig, TokenClassifierConfig
from elman.models.frontend import Frontend
from elman.models.save import load_model, model_bytes
from elman.nn.pooling import POOLINGS

ONE_WAY = [name for name in POOLINGS if name != "centre"]
"""Poolings that a network of one direction may have."""
TOKENS = torch.tensor([[1, 2, 3, 4], [5, 6, 0, 0], [7, 0, 0, 0]])
LENGTHS = torch.tensor([4, 2, 1])


def made(**values: Any) -> SequenceClassifier:
    torch.manual_seed(3)
    config = TokenClassifierConfig(
        **{"hidden_size": 5, "embedding_size": 6, "dropout_word": 0, **values}
    )
    return token_classifier(9, 3, config, unknown=0).double()


@pytest.mark.parametrize(
    ("pooling", "bidirectional"), [*itertools.product(ONE_WAY, [True, False]), ("centre", True)]
)
@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "lstm", "gru"])
def test_equals_torch_layers(cell: str, pooling: str, bidirectional: bool) -> None:
    model = made(cell=cell, pooling=pooling, bidirectional=bidirectional, dropout=0).eval()
    kinds: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
    options = {"nonlinearity": "relu"} if cell == "rnn_relu" else {}
    theirs = kinds[cell.removesuffix("_relu")](
        6, 5, bidirectional=bidirectional, **options
    ).double()
    theirs.load_state_dict(model.body.layers.layers[0].state_dict())
    table = model.frontend.embedding.weight
    for b, length in enumerate(LENGTHS.tolist()):
        output, _ = theirs(table[TOKENS[b, :length]].unsqueeze(1))
        expected = model.head(model.pooling(output))
        torch.testing.assert_close(model(TOKENS, LENGTHS)[b], expected[0])


@pytest.mark.parametrize("pooling", list(POOLINGS))
def test_padding_never_changes_a_logit_or_a_gradient(pooling: str) -> None:
    model = made(pooling=pooling, num_layers=2, dropout=0)
    found = []
    for tokens in (TOKENS, torch.cat([TOKENS, torch.full((3, 5), 8)], 1)):
        dirty = tokens.masked_fill(torch.arange(tokens.shape[1]) >= LENGTHS.unsqueeze(1), 8)
        model.zero_grad()
        logits = model(dirty, LENGTHS)
        logits.logsumexp(-1).sum().backward()
        found.append([logits.detach(), *(p.grad.clone() for p in model.parameters())])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)


def test_rows_are_independent() -> None:
    model = made(dropout=0).eval()
    whole, order = model(TOKENS, LENGTHS), [2, 0, 1]
    torch.testing.assert_close(model(TOKENS[order], LENGTHS[order]), whole[order])


def test_a_features_frontend_takes_the_embeddings_place() -> None:
    class Plain(Frontend):
        output_size = 2

        def forward(self, x: Tensor) -> Tensor:
            return x.transpose(0, 1)

    model = SequenceClassifier(Plain(), 4, ClassifierConfig(hidden_size=3))
    assert model(torch.randn(5, 7, 2)).shape == (5, 4)


def test_temperature_changes_probabilities_alone() -> None:
    model = made(dropout=0).eval()
    before, logits = model.log_probs(TOKENS, LENGTHS), model(TOKENS, LENGTHS)
    torch.testing.assert_close(before, logits.log_softmax(-1))
    model.temperature.fill_(3.0)
    torch.testing.assert_close(model(TOKENS, LENGTHS), logits)
    torch.testing.assert_close(model.log_probs(TOKENS, LENGTHS), (logits / 3).log_softmax(-1))


def test_saved_and_loaded_it_says_the_same() -> None:
    model = made(pooling="attention").eval()
    model.temperature.fill_(1.7)
    torch.manual_seed(99)
    other = made(pooling="attention", init="orthogonal").eval()
    load_model(other, model_bytes(model))
    assert torch.equal(other.log_probs(TOKENS, LENGTHS), model.log_probs(TOKENS, LENGTHS))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigError, match="num_classes: expected at least 2, got 1"):
        token_classifier(9, 1, TokenClassifierConfig())
    with pytest.raises(DataError, match="at least one step"):
        made()(torch.zeros(2, 0, dtype=torch.int64))


@pytest.mark.parametrize("pooling", ONE_WAY)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_sequence_that_arrives_is_told_as_the_whole_up_to_there(cell: str, pooling: str) -> None:
    model = made(cell=cell, pooling=pooling, bidirectional=False, num_layers=2).eval()
    tokens = torch.randint(0, 9, (3, 10))
    with torch.no_grad():
        expected = torch.stack([model(tokens[:, : t + 1]) for t in range(10)])
        for cut in (1, 3, 10):
            state, pieces = model.stream(3), []
            for piece in tokens.split(cut, 1):
                logits, state = model.step(piece, state)
                pieces.append(logits)
            torch.testing.assert_close(torch.cat(pieces), expected, rtol=1e-4, atol=1e-5)


def test_what_needs_the_end_first_cannot_stream() -> None:
    with pytest.raises(ConfigError, match="--model.no-bidirectional"):
        made(bidirectional=True).stream(1)
    model = made(bidirectional=False)
    model.frontend.streams = False
    with pytest.raises(ConfigError, match="frontend needs the whole sequence"):
        model.stream(1)


def test_no_step_is_no_answer() -> None:
    model = made(bidirectional=False)
    state = model.stream(2)
    logits, after = model.step(torch.zeros(2, 0, dtype=torch.int64), state)
    assert logits.shape == (0, 2, model.num_classes) and after.body is state.body
