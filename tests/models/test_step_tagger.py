"""The step tagger: padding leaks nowhere, and in one direction full = chunked = stepped."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ConfigError, DataError
from elman.models.frontend import Frontend
from elman.models.save import load_model, model_bytes
from elman.models.step_tagger import StepTagger
from elman.models.step_tagger_config import StepTaggerConfig

LENGTHS = torch.tensor([6, 2, 1])
TAGS = torch.tensor([[0, 2, 1, 1, 0, 2], [2, 0, 9, 9, 9, 9], [1, 9, 9, 9, 9, 9]])


class Numbers(Frontend):
    """Features as they are, and their sum over the last steps: a frontend that looks back."""

    def __init__(self, features: int, look_back: int) -> None:
        super().__init__()
        self.output_size, self.look_back = 2 * features, look_back

    def step(self, x: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        both = x if past is None else torch.cat([past, x], 1)
        return self(both)[both.shape[1] - x.shape[1] :], both[:, max(0, both.shape[1] - 9) :]

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(0, 1)  # (T, B, I)
        padded = F.pad(x, (0, 0, 0, 0, self.look_back, 0))
        window = padded.unfold(0, self.look_back + 1, 1).sum(-1)
        return torch.cat([x, window], -1)


def made(look_back: int = 2, moves: Any = None, **values: Any) -> StepTagger:
    torch.manual_seed(1)
    config = StepTaggerConfig(**{"hidden_size": 5, "dropout": 0.0, **values})
    return StepTagger(Numbers(3, look_back), 3, config, moves=moves).double().eval()


def sequences(batch: int = 3, steps: int = 6) -> Tensor:
    return torch.randn(batch, steps, 3, generator=torch.Generator().manual_seed(2)).double()


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("output", ["softmax", "crf"])
def test_rows_do_not_see_each_other_or_padding(output: str, bidirectional: bool) -> None:
    model, x = made(output=output, bidirectional=bidirectional), sequences()
    together, scores = model.decode(x, LENGTHS), model(x, LENGTHS)
    loss, nats = model.loss(x, LENGTHS, TAGS), 0.0
    for b, size in enumerate(LENGTHS.tolist()):
        alone = x[b : b + 1, :size]
        torch.testing.assert_close(scores[b, :size], model(alone)[0])
        found = model.decode(alone)
        assert torch.equal(together.tags[b, :size], found.tags[0])
        torch.testing.assert_close(together.confidence[b, :size], found.confidence[0])
        assert not together.tags[b, size:].any() and not together.confidence[b, size:].any()
        own = model.loss(alone, LENGTHS[b : b + 1], TAGS[b : b + 1, :size])
        nats += float(own.nats.detach()) * size
    assert loss.words == 9
    assert float(loss.nats.detach()) == pytest.approx(nats / 9)


def test_softmax_s_loss_is_torch_s_cross_entropy() -> None:
    model, x = made(), sequences()
    inside = torch.arange(6) < LENGTHS.unsqueeze(1)
    expected = F.cross_entropy(model(x, LENGTHS)[inside], TAGS[inside])
    torch.testing.assert_close(model.loss(x, LENGTHS, TAGS).nats, expected)


def test_a_step_without_a_label_counts_nothing() -> None:
    model, x = made(), sequences(1)
    tags = torch.tensor([[0, -100, 1, -100, 2, 2]])
    known = tags[0] >= 0
    expected = F.cross_entropy(model(x)[0, known], tags[0, known])
    found = model.loss(x, torch.tensor([6]), tags)
    assert found.words == 4
    torch.testing.assert_close(found.nats, expected)
    with pytest.raises(DataError, match=r"step has no label.*softmax"):
        made(output="crf").loss(x, torch.tensor([6]), tags)
    nothing = model.loss(x, torch.tensor([6]), torch.full_like(tags, -100))
    assert (float(nothing.nats.detach()), nothing.words) == (0.0, 0)


def test_weights_say_what_a_label_counts() -> None:
    model, x = made(), sequences()
    scores = model.emissions(x, LENGTHS)
    alike = model.loss_of(scores, LENGTHS, TAGS, torch.ones(3).double())
    torch.testing.assert_close(alike.nats, model.loss(x, LENGTHS, TAGS).nats)
    only = model.loss_of(scores, LENGTHS, TAGS, torch.tensor([0.0, 0.0, 9.0]).double())
    at = scores.log_softmax(2)
    expected = -9.0 * (at[1, 0, 2] + at[5, 0, 2] + at[0, 1, 2]) / 9
    torch.testing.assert_close(only.nats, expected)
    with pytest.raises(ConfigError, match="no effect on a CRF"):
        made(output="crf").loss_of(scores, LENGTHS, TAGS, torch.ones(3))


@pytest.mark.parametrize("look_back", [0, 1, 4])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_full_is_chunked_is_stepped(cell: str, look_back: int) -> None:
    model = made(look_back, cell=cell, num_layers=2, bidirectional=False)
    x = sequences(2, 17)
    whole = model(x)
    for cuts in ([0, 17], [0, 1, 2, 9, 17], list(range(18))):
        state, found = model.stream(), []
        for a, b in itertools.pairwise(cuts):
            scores, state = model.step(x[:, a:b], state)
            found.append(scores)
        torch.testing.assert_close(torch.cat(found, 1), whole)


def test_state_is_a_value() -> None:
    model, x = made(bidirectional=False), sequences(1, 4)
    _, state = model.step(x[:, :2], model.stream())
    first, _ = model.step(x[:, 2:], state)
    model.step(-x, state)
    torch.testing.assert_close(model.step(x[:, 2:], state)[0], first)


@pytest.mark.parametrize("output", ["softmax", "crf"])
def test_belief_is_the_marginal_of_the_last_step_so_far(output: str) -> None:
    model, x = made(output=output, bidirectional=False), sequences(2, 5)
    if model.crf is not None:
        nn.init.zeros_(model.crf.end)  # the marginals know where a sequence ends; a stream does not
    told, state = [], model.stream()
    for cut in (x[:, :2], x[:, 2:3], x[:, 3:]):
        scores, state = model.step(cut, state)
        known, state = model.believe(scores, state)
        told.append(known)
    belief = torch.cat(told, 1).exp()  # (B, T, K)
    torch.testing.assert_close(belief.sum(2), torch.ones(2, 5).double())
    for t in range(1, 6):
        so_far = model.emissions(x[:, :t])
        torch.testing.assert_close(belief[:, t - 1], model.chances(so_far)[t - 1])


def test_forbidden_moves_are_never_taken() -> None:
    stay = torch.eye(3, dtype=torch.bool)
    ends = torch.ones(3, dtype=torch.bool)
    tags = made(output="crf", moves=(stay, ends, ends)).decode(sequences(8, 9)).tags
    assert bool((tags == tags[:, :1]).all())


def test_saved_and_loaded_it_says_the_same() -> None:
    model, x = made(output="crf"), sequences()
    other = made(output="crf", init="orthogonal")
    load_model(other, model_bytes(model))
    assert torch.equal(other(x), model(x))
    assert model.parameter_count() == sum(p.numel() for p in model.parameters())
    assert "head.weight" in model.describe()


def test_it_learns_what_only_the_future_tells() -> None:
    """Whether the next number is positive: the backward half knows, one direction cannot."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(128, 12, 3, generator=generator)
    tags = torch.cat([(x[:, 1:, 0] > 0).long(), torch.zeros(128, 1, dtype=torch.int64)], 1)
    train, held_out = slice(0, 64), slice(64, None)
    lengths = torch.full((64,), 12)
    right = {}
    for both in (True, False):
        torch.manual_seed(0)
        config = StepTaggerConfig(hidden_size=12, bidirectional=both, dropout=0)
        model = StepTagger(Numbers(3, 0), 2, config)
        optimizer = torch.optim.Adam(model.parameters(), 0.02)
        for _ in range(150):
            optimizer.zero_grad()
            model.loss(x[train], lengths, tags[train]).nats.backward()
            optimizer.step()
        same = model.decode(x[held_out]).tags == tags[held_out]
        right[both] = float(same[:, :-1].float().mean())
    assert right[True] > 0.9 > 0.6 > right[False]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigError, match="num_tags: expected at least 2, got 1"):
        StepTagger(Numbers(3, 0), 1, StepTaggerConfig())
    with pytest.raises(ConfigError, match="moves have no effect on a softmax"):
        made(moves=(torch.ones(3, 3), torch.ones(3), torch.ones(3)))
    with pytest.raises(ConfigError, match=r"reads from the end.*bidirectional = false"):
        made().stream()
