"""Searches and alignments against every way there is, one by one, in double precision."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from elman._errors import ConfigError, DataError
from elman.models.ctc import (
    Greedy,
    PrefixBeam,
    align,
    greedy_path,
    greedy_texts,
    prefix_beam_search,
)

Table = NDArray[np.float64]


def random_table(steps: int, classes: int, seed: int, sharp: float = 1.5) -> Table:
    scores = sharp * np.random.default_rng(seed).standard_normal((steps, classes))
    return scores - np.log(np.exp(scores).sum(1, keepdims=True))


def text_of(way: Sequence[int]) -> tuple[int, ...]:
    return tuple(k for k, _ in itertools.groupby(way) if k)


def by_hand(table: Table) -> dict[tuple[int, ...], float]:
    """The probability of every text: the sum over every way."""
    sums: dict[tuple[int, ...], float] = {}
    for way in itertools.product(range(table.shape[1]), repeat=len(table)):
        chance = math.exp(sum(table[t, k] for t, k in enumerate(way)))
        sums[text_of(way)] = sums.get(text_of(way), 0.0) + chance
    return sums


@given(steps=st.integers(1, 5), classes=st.integers(2, 4), seed=st.integers(0, 10_000))
@settings(max_examples=60)
def test_a_wide_beam_finds_every_text_with_its_probability(
    steps: int, classes: int, seed: int
) -> None:
    table = random_table(steps, classes, seed)
    wanted = by_hand(table)
    found = prefix_beam_search(table, 10_000, prune=0)
    assert {h.letters for h in found} == set(wanted)
    for hypothesis in found:
        assert hypothesis.log_prob == pytest.approx(math.log(wanted[hypothesis.letters]), abs=1e-9)
    assert found[0].letters == max(wanted, key=lambda text: wanted[text])
    assert math.fsum(math.exp(h.log_prob) for h in found) == pytest.approx(1.0)
    best = found[0]
    if best.letters:
        loss = F.ctc_loss(
            torch.from_numpy(table)[:, None],
            torch.tensor([best.letters]),
            torch.tensor([steps]),
            torch.tensor([len(best.letters)]),
            reduction="sum",
        )
        assert -float(loss) == pytest.approx(best.log_prob, abs=1e-9)


@given(steps=st.integers(1, 12), seed=st.integers(0, 10_000), beam=st.integers(1, 8))
@settings(max_examples=60)
def test_a_narrow_beam_never_claims_more_than_there_is(steps: int, seed: int, beam: int) -> None:
    table = random_table(steps, 4, seed)
    every = {h.letters: h.log_prob for h in prefix_beam_search(table, 100_000, prune=0)}
    found = prefix_beam_search(table, beam, prune=0)
    assert len(found) <= beam
    for hypothesis in found:
        assert hypothesis.log_prob <= every[hypothesis.letters] + 1e-9
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


@given(seed=st.integers(0, 10_000), steps=st.integers(1, 8))
@settings(max_examples=60)
def test_the_whole_sum_is_at_least_as_good_as_the_greedy_way(seed: int, steps: int) -> None:
    table = random_table(steps, 3, seed)
    way = table.argmax(1).tolist()
    one_way = float(table.max(1).sum())
    best = prefix_beam_search(table, 1000, prune=0)[0]
    assert best.log_prob >= one_way - 1e-12
    assert greedy_texts(torch.from_numpy(table)[None], torch.tensor([steps])) == [
        list(text_of(way))
    ]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=15))
def test_where_the_network_is_sure_beam_1_is_greedy(way: list[int]) -> None:
    table = np.log(np.eye(4)[way] * 0.96 + 0.01)
    assert prefix_beam_search(table, 1)[0].letters == text_of(way)
    assert greedy_texts(torch.from_numpy(table)[None], torch.tensor([len(way)])) == [
        list(text_of(way))
    ]


def test_beam_1_and_greedy_differ_where_ways_add_up() -> None:
    table = np.log([[0.4, 0.35, 0.25], [0.4, 0.35, 0.25]])  # blank is likeliest at each step
    assert greedy_texts(torch.from_numpy(table)[None], torch.tensor([2])) == [[]]
    assert prefix_beam_search(table, 8)[0].letters == (1,)  # 0.35 * (0.4 + 0.4 + 0.35) > 0.16


def test_greedy_in_a_batch_is_greedy_one_by_one_and_in_chunks() -> None:
    tables = torch.stack([torch.from_numpy(random_table(20, 4, k)) for k in range(5)])
    lengths = torch.tensor([20, 13, 1, 7, 20])
    texts = greedy_texts(tables, lengths)
    for k, length in enumerate(lengths.tolist()):
        assert texts[k] == list(text_of(tables[k, :length].argmax(1).tolist()))
        greedy, said = Greedy(), []
        for start in range(0, length, 3):
            said += greedy.advance(tables[k, start : min(length, start + 3)].numpy())
        assert [one.letter for one in said] == texts[k]
        assert greedy.step == length


@given(steps=st.integers(1, 6), seed=st.integers(0, 10_000), size=st.integers(1, 3))
@settings(max_examples=60)
def test_the_alignment_is_the_best_of_all_ways(steps: int, seed: int, size: int) -> None:
    table = random_table(steps, 3, seed)
    letters = tuple(np.random.default_rng(seed).integers(1, 3, size).tolist())
    ways = [way for way in itertools.product(range(3), repeat=steps) if text_of(way) == letters]
    if not ways:
        with pytest.raises(DataError, match=f"the sound has {steps}"):
            align(table, letters)
        return
    best = max(ways, key=lambda way: sum(table[t, k] for t, k in enumerate(way)))
    said = align(table, letters)
    assert tuple(one.letter for one in said) == letters
    runs, place = [], 0
    for k, group in itertools.groupby(best):
        count = len(list(group))
        if k:
            runs.append((place, place + count))
        place += count
    assert [(one.start, one.end) for one in said] == runs
    for one in said:
        peak = math.exp(table[one.start : one.end, one.letter].max())
        assert one.probability == pytest.approx(peak)


def test_a_long_text_is_aligned_and_nothing_is_said_never() -> None:
    letters = [1, 2] * 300
    way = [k for letter in letters for k in (letter, 0)]
    said = align(np.log(np.eye(3)[way] * 0.7 + 0.1), letters)
    assert [(one.letter, one.start) for one in said] == [(k, 2 * n) for n, k in enumerate(letters)]
    assert align(random_table(4, 3, 0), []) == []


@given(seed=st.integers(0, 10_000), steps=st.integers(0, 12))
def test_the_greedy_way_is_the_alignment_of_its_text(seed: int, steps: int) -> None:
    table = random_table(steps, 3, seed)
    path = greedy_path(table)
    said = align(table, [one.letter for one in path])
    assert [one[:3] for one in path] == [one[:3] for one in said]
    assert [one.probability for one in path] == pytest.approx([one.probability for one in said])


class Bigram:
    """A language model that can be checked by hand: how likely a letter is after another."""

    def __init__(self, classes: int, seed: int) -> None:
        self.table = random_table(classes, classes, seed)  # 0 is the beginning and the end
        self.asked = 0

    def start(self) -> int:
        return 0

    def score(self, state: int, letter: int) -> float:
        return float(self.table[state, letter])

    def extend(self, states: Sequence[int], letters: Sequence[int]) -> list[int]:
        self.asked += 1
        return list(letters)

    def end(self, state: int) -> float:
        return float(self.table[state, 0])

    def whole(self, letters: Sequence[int]) -> float:
        moves = itertools.pairwise([0, *letters, 0])
        return float(sum(self.table[a, b] for a, b in moves))


@given(steps=st.integers(1, 5), seed=st.integers(0, 10_000))
@settings(max_examples=40)
def test_fusion_ranks_by_sound_language_and_bonus(steps: int, seed: int) -> None:
    table, model = random_table(steps, 3, seed), Bigram(3, seed + 1)
    found = prefix_beam_search(table, 10_000, model, weight=0.7, bonus=0.3, prune=0)
    wanted = {
        text: math.log(chance) + 0.7 * model.whole(text) + 0.3 * len(text)
        for text, chance in by_hand(table).items()
    }
    for hypothesis in found:
        assert hypothesis.score == pytest.approx(wanted[hypothesis.letters], abs=1e-9)
    assert found[0].letters == max(wanted, key=lambda text: wanted[text])
    assert model.asked <= steps  # the whole beam at once


def test_a_long_sound_leaves_no_tree_behind() -> None:
    beam = PrefixBeam(3)
    beam.advance(random_table(400, 5, 0, sharp=0.5))
    root = beam.kept[0]
    while root.parent is not None:
        root = root.parent
    nodes, todo = 0, [root]
    while todo:
        node = todo.pop()
        nodes += 1
        todo += node.children.values()
    assert nodes <= 1 + sum(len(node.letters()) for node in beam.kept)


def test_pruning_changes_nothing_that_matters() -> None:
    table = random_table(30, 6, 3, sharp=4.0)
    exact, quick = (prefix_beam_search(table, 20, prune=p)[0] for p in (0, 1e-4))
    assert exact.letters == quick.letters
    assert exact.log_prob == pytest.approx(quick.log_prob, abs=0.05)


def test_a_beam_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="beam: expected at least 1, got 0"):
        PrefixBeam(0)
