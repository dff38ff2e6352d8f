"""What the translator promises: padding never counts, steps are the whole, it learns."""

from __future__ import annotations

import pytest
import torch

from elman._errors import ConfigError, DataError, ShapeError
from elman.models.save import load_model, model_bytes
from elman.models.translator import Translator
from elman.models.translator_config import TranslatorConfig
from tests.models.translators import KINDS, VS, VT, batch, build


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_step_by_step_is_teacher_forcing(options: dict[str, object]) -> None:
    model = build(**options)
    source, lengths, targets = batch()
    whole = model(source, lengths, targets)
    state, memory = model.encode(source, lengths)
    tokens = torch.full((len(source),), model.end)
    for t in range(targets.shape[1]):
        logits, state = model.step(tokens, state, memory)
        torch.testing.assert_close(logits, whole[:, t])
        tokens = targets[:, t].clamp(min=0)


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_hypotheses_share_a_memory(options: dict[str, object]) -> None:
    model = build(**options)
    source, lengths, _ = batch()
    state, memory = model.encode(source, lengths)
    two = tuple(
        torch.cat([s] * 2, 1)
        if isinstance(s, torch.Tensor)
        else tuple(torch.cat([p] * 2, 1) for p in s)
        for s in state
    )
    tokens = torch.arange(2 * len(source)) % VT
    together, _ = model.step(tokens, two, memory)
    for k, some in enumerate(tokens.chunk(2)):
        alone, _ = model.step(some, state, memory)
        torch.testing.assert_close(together.chunk(2)[k], alone)


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_padding_and_neighbours_never_count(options: dict[str, object]) -> None:
    model = build(**options)
    source, lengths, targets = batch()
    scores = model.score(source, lengths, targets)
    for row, length in enumerate(lengths):
        target = targets[row][targets[row] >= 0]
        alone = model.score(source[row : row + 1, :length], lengths[row : row + 1], target[None])
        torch.testing.assert_close(alone[0], scores[row])
    garbage = torch.where(torch.arange(source.shape[1]) < lengths[:, None], source, VS - 1)
    torch.testing.assert_close(model.score(garbage, lengths, targets), scores)


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_the_loss_is_the_mean_of_what_is_scored_and_reaches_all(options: dict[str, object]) -> None:
    model = build(**options)
    source, lengths, targets = batch()
    loss = model.loss(source, lengths, targets)
    mean = -model.score(source, lengths, targets).sum() / (targets >= 0).sum()
    torch.testing.assert_close(loss.nats, mean)
    loss.total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_smoothing_is_added_in_training_alone() -> None:
    model = build(label_smoothing=0.2)
    total, nats = (getattr(model.loss(*batch()), name) for name in ("total", "nats"))
    logits = model(*batch()).log_softmax(-1)
    counted = batch()[2] >= 0
    uniform = -(logits.mean(-1) * counted).sum() / counted.sum()
    torch.testing.assert_close(total, 0.8 * nats + 0.2 * uniform)
    model.eval()
    loss = model.loss(*batch())
    assert loss.total is loss.nats


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_attention_looks_at_what_is_there(options: dict[str, object]) -> None:
    model = build(**options)
    source, lengths, targets = batch()
    weights = model.attended(source, lengths, targets)
    if options.get("attention") == "none":
        assert weights is None
        return
    assert weights is not None and weights.shape == (4, 7, 6)
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 7, dtype=torch.float64))
    for row, length in enumerate(lengths):
        assert (weights[row, :, length:] == 0).all()


def test_without_attention_the_last_state_is_all_that_the_decoder_knows() -> None:
    model = build(attention="none")
    source, lengths, targets = batch()
    state, memory = model.encode(source, lengths)
    other = memory._replace(values=memory.values + 1, keys=memory.keys - 1)
    before = model.shifted(targets)
    torch.testing.assert_close(
        model.decode(before, state, memory).readout, model.decode(before, state, other).readout
    )


def test_teacher_forcing_can_be_given_up() -> None:
    model = build()
    source, lengths, targets = batch()
    state, memory = model.encode(source, lengths)
    before = model.shifted(targets)
    assert torch.equal(model.mixed(before, state, memory, 1.0), before)
    own = model.mixed(before, state, memory, 0.0)
    guesses = model(source, lengths, targets).argmax(-1).T
    assert torch.equal(own[0], before[0]) and torch.equal(own[1:], guesses[:-1])
    torch.manual_seed(0)
    half = model.mixed(before.repeat(1, 1), state, memory, 0.5)
    assert ((half == before) | (half == own)).all()
    assert not torch.equal(half, before) and not torch.equal(half, own)
    assert (
        model.loss(source, lengths, targets, 0.0).nats != model.loss(source, lengths, targets).nats
    )


def test_embeddings_are_shared_when_asked() -> None:
    config = TranslatorConfig(hidden_size=3, embedding_size=4, share_embeddings=True)
    model = Translator(6, 6, config)
    assert model.source_embedding.weight is model.head.weight
    apart = Translator(6, 6, TranslatorConfig(hidden_size=3, embedding_size=4, tie_weights=False))
    assert apart.parameter_count() == model.parameter_count() + 2 * 7 * 4
    assert "readout.weight" in model.describe()
    with pytest.raises(ConfigError, match="share_embeddings: needs one vocabulary .* 6 source"):
        Translator(6, 7, config)


def test_saved_and_loaded_it_says_the_same() -> None:
    model, other = build(seed=1), build(seed=2)
    load_model(other, model_bytes(model))
    torch.testing.assert_close(model(*batch()), other(*batch()))


def test_refusals() -> None:
    model = build()
    source, lengths, targets = batch()
    with pytest.raises(DataError, match=f"source: expected ids from 0 to {VS}, got {VS + 1}"):
        model(source + 1, lengths, targets)
    with pytest.raises(DataError, match=f"targets: expected ids from 0 to {VT}, got"):
        model(source, lengths, targets + 9)
    with pytest.raises(ShapeError, match="lengths: expected"):
        model(source, lengths[:2], targets)
    with pytest.raises(ShapeError, match="targets: expected"):
        model(source, lengths, targets[:2])


@pytest.mark.parametrize("attention", ["multiplicative", "additive"])
def test_it_learns_to_reverse(attention: str) -> None:
    torch.manual_seed(1)
    config = TranslatorConfig.model_validate(
        {"hidden_size": 32, "embedding_size": 16, "num_layers": 1, "decoder_layers": 2}
        | {"dropout": 0.0, "cell": "gru", "label_smoothing": 0.0, "attention": attention}
    )
    model = Translator(8, 8, config)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(250):
        words = torch.randint(8, (32, 6))
        ends = torch.full((32, 1), 8)
        loss = model.loss(
            torch.cat([words, ends], 1), torch.full((32,), 7), torch.cat([words.flip(1), ends], 1)
        )
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
    assert loss.nats < 0.1
