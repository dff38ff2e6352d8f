"""The language model: exact loss, state as a value, and options that do what they say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from elman._errors import ConfigError, DataError, DtypeError, ShapeError
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.nn import state_to_tensors

V = 23
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "gru": {"cell": "gru"},
    "tied": {"tie_weights": True},
    "adaptive": {"adaptive_cutoffs": (5, 12), "hidden_size": 18},
    "normed": {"layer_norm": True, "zoneout": 0.2},
}


def make(**values: Any) -> LanguageModel:
    """Build a small model with random weights that no two gates share."""
    torch.manual_seed(5)
    defaults = {"embedding_size": 6, "hidden_size": 9, "num_layers": 2, "dropout": 0.0}
    model = LanguageModel(V, LanguageModelConfig(**{**defaults, **values}))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.5)
    return model


def text(batch: int = 3, steps: int = 8, seed: int = 0) -> torch.Tensor:
    return torch.randint(V, (batch, steps), generator=torch.Generator().manual_seed(seed))


def assert_states_close(mine: Any, theirs: Any) -> None:
    assert len(mine) == len(theirs) == 2
    mine, theirs = state_to_tensors(mine), state_to_tensors(theirs)
    torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_loss_is_cross_entropy_of_the_full_logits(kind: str) -> None:
    model = make(**KINDS[kind]).double().eval()
    tokens, targets = text(), text(seed=1)
    targets[1, 3:] = -100
    loss = model.loss(tokens, targets)
    logits, state = model(tokens)
    full = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    torch.testing.assert_close(loss.nats, full, rtol=1e-12, atol=0)
    assert torch.equal(loss.nats, loss.total)
    assert_states_close(loss.state, state)
    parameters = list(model.parameters())
    expected = torch.autograd.grad(full, parameters, allow_unused=True)
    got = torch.autograd.grad(loss.total, parameters, allow_unused=True)
    for mine, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_log_probs_sum_to_one_and_are_the_logits(kind: str) -> None:
    model = make(**KINDS[kind]).double().eval()
    log_probs, _ = model.log_probs(text())
    torch.testing.assert_close(log_probs.exp().sum(-1), torch.ones(3, 8, dtype=torch.float64))
    torch.testing.assert_close(model(text())[0].log_softmax(-1), log_probs)


@pytest.mark.parametrize("kind", KINDS)
@given(cut=st.integers(1, 7))
def test_chunked_is_whole(kind: str, cut: int) -> None:
    model = make(**KINDS[kind]).eval()
    whole, final = model(text())
    first, state = model(text()[:, :cut])
    second, state = model(text()[:, cut:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, atol=1e-5, rtol=1e-5)
    assert_states_close(state, final)


@pytest.mark.parametrize("kind", KINDS)
def test_stepped_is_whole(kind: str) -> None:
    model = make(**KINDS[kind]).eval()
    whole = model.log_probs(text())[0]
    state = model.initial_state(3)
    for t in range(8):
        logits, state = model.next_logits(text()[:, t : t + 1], state)
        torch.testing.assert_close(logits.log_softmax(-1), whole[:, t], atol=1e-6, rtol=1e-6)


def test_reset_starts_afresh() -> None:
    model = make().eval()
    reset = torch.zeros(3, 8, dtype=torch.bool)
    reset[1, 5] = True
    logits, _ = model(text(), model(text(seed=9))[1], reset=reset)
    torch.testing.assert_close(logits[1:2, 5:], model(text()[1:2, 5:])[0])
    carried, _ = model(text(), model(text(seed=9))[1])
    torch.testing.assert_close(logits[[0, 2]], carried[[0, 2]])
    loss = model.loss(text(), text(seed=1), reset=reset)
    assert not torch.equal(loss.nats, model.loss(text(), text(seed=1)).nats)


def test_a_later_token_never_changes_an_earlier_prediction() -> None:
    model = make().eval()
    changed = text()
    changed[:, 5] = (changed[:, 5] + 1) % V
    before, after = model(text())[0], model(changed)[0]
    assert torch.equal(before[:, :5], after[:, :5]) and not torch.equal(before[:, 5], after[:, 5])


def test_rows_are_independent() -> None:
    model = make().eval()
    order = torch.tensor([2, 0, 1])
    torch.testing.assert_close(model(text()[order])[0], model(text())[0][order])


def test_tied_weights_are_one_tensor() -> None:
    model = make(tie_weights=True)
    assert model.head.weight is model.embedding.weight
    assert model.body.output_size == 6 and model.body.layers.layers[0].hidden_size == 9
    model.loss(text(), text(seed=1)).total.backward()
    rare = [t for t in range(V) if t not in text()]
    assert rare and model.embedding.weight.grad[rare].any()  # through the softmax
    untied = make()
    assert untied.parameter_count() > model.parameter_count()


def test_tied_weights_start_small_enough_for_a_softmax() -> None:
    tied = LanguageModel(V, LanguageModelConfig(tie_weights=True)).embedding.weight
    assert 0.09 < tied.abs().max() <= 0.1


@pytest.mark.parametrize("name", ["activation_reg", "temporal_reg"])
def test_penalties_are_added_in_training_alone(name: str) -> None:
    model = make(**{name: 2.5}, dropout_output=0.5)
    torch.manual_seed(0)
    loss = model.loss(text(), text(seed=1))
    torch.manual_seed(0)
    output, raw, _ = model.features(text())
    if name == "activation_reg":
        penalty = (output**2).mean()
    else:
        penalty = ((raw[1:] - raw[:-1]) ** 2).mean()
    torch.testing.assert_close(loss.total - loss.nats, 2.5 * penalty)
    model.eval()
    loss = model.loss(text(), text(seed=1))
    assert torch.equal(loss.total, loss.nats)


def test_a_single_step_has_no_temporal_penalty() -> None:
    loss = make(temporal_reg=1.0).loss(text(steps=1), text(steps=1))
    assert torch.equal(loss.total, loss.nats)


def test_word_dropout_acts_in_training_alone() -> None:
    model = make(dropout_embedding=0.5)
    assert not torch.equal(model(text())[0], model(text())[0])
    model.eval()
    assert torch.equal(model(text())[0], make().eval()(text())[0])


def test_sparse_updates_leave_other_rows_and_their_state_bit_identical() -> None:
    model = make(sparse_embedding=True)
    table = model.embedding.weight
    optimiser = torch.optim.SparseAdam([table], lr=0.1)
    tokens = torch.tensor([[1, 4, 4, 7]])
    model.loss(torch.arange(V).unsqueeze(0), torch.arange(V).unsqueeze(0)).total.backward()
    optimiser.step()  # now every row has state
    optimiser.zero_grad()
    rows = table.detach().clone()
    state = {k: v.clone() for k, v in optimiser.state[table].items() if torch.is_tensor(v)}
    model.loss(tokens, torch.tensor([[4, 4, 7, 1]])).total.backward()
    assert table.grad.is_sparse
    optimiser.step()
    touched = torch.zeros(V, dtype=torch.bool)
    touched[[1, 4, 7]] = True
    assert torch.equal((table.detach() != rows).any(1), touched)
    for name in ("exp_avg", "exp_avg_sq"):
        changed = (optimiser.state[table][name] != state[name]).any(1)
        assert torch.equal(changed, touched), name


def test_sparse_gradient_equals_the_dense_one() -> None:
    grads = []
    for sparse in (False, True):
        model = make(sparse_embedding=sparse).double()
        model.loss(text(), text(seed=1)).total.backward()
        grads.append(model.embedding.weight.grad)
    torch.testing.assert_close(grads[1].to_dense(), grads[0])


def test_it_learns_a_repeating_text() -> None:
    torch.manual_seed(0)
    model = LanguageModel(5, LanguageModelConfig(hidden_size=16, embedding_size=8, dropout=0))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    stream = torch.tensor([0, 1, 2, 0, 3, 4] * 8)
    for _ in range(60):
        loss = model.loss(stream[None, :-1], stream[None, 1:])
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
    assert loss.nats < 0.1  # what follows a 0 is known from what came before it


def test_wrong_input_is_one_clear_error() -> None:
    model = make()
    with pytest.raises(ShapeError, match=r"tokens: expected \(B, T\), got \(4,\)"):
        model(torch.zeros(4, dtype=torch.int64))
    with pytest.raises(DtypeError, match=r"tokens: expected torch.int64, got torch.int32"):
        model(text().int())
    with pytest.raises(DataError, match="tokens: expected ids from 0 to 22, got 23"):
        model(torch.tensor([[0, V]]))
    with pytest.raises(DataError, match="tokens: expected ids from 0 to 22, got -1"):
        model(torch.tensor([[0, -1]]))
    with pytest.raises(DataError, match="tokens: expected at least one token"):
        model(text()[:, :0])
    with pytest.raises(DataError, match="targets: expected ids from 0 to 22, got 23"):
        model.loss(text(1, 2), torch.tensor([[V, -100]]))
    with pytest.raises(ShapeError, match=r"targets: expected \(B=3, T=8\), got \(3, 7\)"):
        model.loss(text(), text(steps=7))
    with pytest.raises(ShapeError, match=r"reset: expected \(B=3, T=8\)"):
        model(text(), reset=torch.zeros(8, 3, dtype=torch.bool))
    with pytest.raises(ConfigError, match="vocab_size: expected at least 1"):
        LanguageModel(0, LanguageModelConfig())
    with pytest.raises(ConfigError, match="adaptive_cutoffs: expected numbers below"):
        make(adaptive_cutoffs=(5, V))


def test_description_names_all_parameters() -> None:
    table = make().describe()
    assert "embedding.table.weight" in table and "23 x 6" in table
    assert f"{make().parameter_count():,}" in table.splitlines()[-1]
