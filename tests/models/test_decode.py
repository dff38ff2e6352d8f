"""Decoding against enumeration, against itself in batches, and against teacher forcing."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from elman._errors import ConfigError
from elman.models.decode import Hypothesis, beam_search, draw, greedy, length_penalty
from elman.models.sampler import Sampler
from elman.models.translator import Translator
from tests.models.translators import KINDS, VT, batch, build

LIMITS = torch.tensor([5, 8, 3, 6])


def run(model: Translator, rows: slice = slice(None), **options: object) -> list[list[Hypothesis]]:
    source, lengths, _ = batch()
    with torch.no_grad():
        state, memory = model.encode(source[rows], lengths[rows])
    options = {"end": model.end} | options
    if "beam" not in options:
        found = greedy(model.step, state, memory, LIMITS[rows], **options)
        return [[one] for one in found]
    return beam_search(model.step, state, memory, LIMITS[rows], **options)


def scored(model: Translator, row: int, tokens: list[int]) -> float:
    """The log-probability of a sequence under teacher forcing."""
    source, lengths, _ = batch()
    target = torch.tensor([[*tokens, model.end]])
    with torch.no_grad():
        return float(model.score(source[row : row + 1], lengths[row : row + 1], target))


@pytest.mark.parametrize("options", KINDS, ids=str)
@pytest.mark.parametrize("beam", [None, 1, 3, 20])
def test_scores_are_those_of_teacher_forcing(options: dict[str, object], beam: int | None) -> None:
    model = build(**options)
    for row, some in enumerate(run(model, **({} if beam is None else {"beam": beam}))):
        assert some
        for one in some:
            assert one.log_prob == pytest.approx(scored(model, row, one.tokens), abs=1e-5)
            alpha = 0.0 if beam is None else 0.6
            penalty = length_penalty(len(one.tokens) + 1, alpha)
            assert one.score == pytest.approx(one.log_prob / penalty)
            assert len(one.tokens) <= LIMITS[row]
        assert [one.score for one in some] == sorted((one.score for one in some), reverse=True)


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_of_one_is_greedy(seed: int) -> None:
    model = build(seed)
    for one, other in zip(run(model), run(model, beam=1), strict=True):
        assert one[0].tokens == other[0].tokens
        assert one[0].log_prob == pytest.approx(other[0].log_prob, abs=1e-9)


@pytest.mark.parametrize("options", KINDS, ids=str)
@pytest.mark.parametrize("beam", [None, 4])
def test_a_batch_is_its_rows_one_by_one(options: dict[str, object], beam: int | None) -> None:
    model = build(**options)
    how = {} if beam is None else {"beam": beam}
    for row, some in enumerate(run(model, **how)):
        (alone,) = run(model, slice(row, row + 1), **how)
        assert [one.tokens for one in alone] == [one.tokens for one in some]
        assert [one.score for one in alone] == pytest.approx([one.score for one in some], abs=1e-9)


def test_a_beam_as_wide_as_the_tree_finds_the_best_of_all() -> None:
    model = build(seed=4)
    source, lengths, _ = batch()
    row, limit = 2, 3
    state, memory = model.encode(source[row : row + 1], lengths[row : row + 1])
    every = [
        list(tokens)
        for size in range(limit + 1)
        for tokens in itertools.product(range(VT), repeat=size)
    ]
    found = beam_search(
        model.step, state, memory, torch.tensor([limit]), end=model.end, beam=len(every), alpha=0.0
    )[0]
    assert sorted(one.tokens for one in found) == sorted(every)
    assert sum(torch.tensor(one.log_prob).exp() for one in found) < 1
    best = max(every, key=lambda tokens: scored(model, row, tokens) if len(tokens) < limit else -99)
    unforced = [one for one in found if len(one.tokens) < limit]
    assert unforced[0].tokens == best


def test_a_wider_beam_is_hardly_ever_worse() -> None:
    better, count = 0, 0
    for seed in range(25):
        model = build(seed)
        for one, other in zip(run(model), run(model, beam=6, alpha=0.0), strict=True):
            better += other[0].log_prob >= one[0].log_prob - 1e-9
            count += 1
    assert better >= 0.95 * count


def test_the_penalty_favours_length() -> None:
    def step(tokens: Tensor, state: Tensor, memory: tuple[()]) -> tuple[Tensor, Tensor]:
        return torch.tensor([[0.4, 0.6]]).log().expand(len(tokens), 2), state  # 1 is the end

    def longest(alpha: float) -> int:
        start = torch.zeros(1, 1, 1), (), torch.tensor([4])
        return len(beam_search(step, *start, end=1, beam=6, alpha=alpha)[0][0].tokens)

    assert longest(0.0) == 0
    assert longest(8.0) == 4


@pytest.mark.parametrize("beam", [None, 1, 3])
def test_what_must_not_come_does_not(beam: int | None) -> None:
    model = build(seed=0)
    how = {} if beam is None else {"beam": beam}
    never = list({token for some in run(model, **how) for token in some[0].tokens})[:2]
    assert never
    for some in run(model, never=never, **how):
        assert not any(set(never) & set(one.tokens) for one in some)


def chain(tokens: Tensor, state: Tensor, memory: tuple[()]) -> tuple[Tensor, Tensor]:
    """A decoder that counts up from 0 and ends with 4."""
    return torch.eye(5)[(tokens + 1) % 5] * 50, state


@pytest.mark.parametrize("beam", [1, 2])
def test_any_step_function_can_be_decoded(beam: int) -> None:
    state, limits = torch.zeros(1, 2, 1), torch.tensor([9, 2])
    one = greedy(chain, state, (), limits, end=4)
    other = beam_search(chain, state, (), limits, end=4, beam=beam)
    assert [h.tokens for h in one] == [some[0].tokens for some in other] == [[0, 1, 2, 3], [0, 1]]


def test_no_examples_are_no_hypotheses() -> None:
    nothing = torch.zeros(1, 0, 1), (), torch.zeros(0, dtype=torch.int64)
    assert greedy(chain, *nothing, end=4) == []
    assert beam_search(chain, *nothing, end=4, beam=2) == []


def test_drawing_without_chance_is_greedy() -> None:
    model = build(seed=3)
    source, lengths, _ = batch()
    for row, (best,) in enumerate(run(model)):
        state, memory = model.encode(source[row : row + 1], lengths[row : row + 1])
        limit = int(LIMITS[row])
        drawn = draw(model.step, state, memory, Sampler(0), end=model.end, limit=limit)
        assert list(drawn) == best.tokens


def test_drawing_repeats_with_its_seed_and_leaves_gradients_on() -> None:
    model = build(seed=3)
    source, lengths, _ = batch()
    texts = []
    for _ in range(2):
        state, memory = model.encode(source[:1], lengths[:1])
        drawn = draw(model.step, state, memory, Sampler(2.0, seed=7), end=model.end, limit=30)
        texts.append([next(drawn), *drawn])
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
    assert texts[0] == texts[1]


def test_a_beam_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="beam: expected at least 1, got 0"):
        run(build(), beam=0)
