"""Counting baselines equal a dictionary written from the formula."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import ConfigError, DataError
from elman.models.ngram import SLICE, NGram, uniform_nats


class Oracle:
    """Interpolated Witten-Bell with dictionaries of tuples and recursion."""

    def __init__(self, order: int, vocab_size: int, ids: list[int]) -> None:
        self.order, self.vocab_size = order, vocab_size
        self.after: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for end in range(len(ids)):
            for length in range(min(order - 1, end) + 1):
                self.after[tuple(ids[end - length : end])][ids[end]] += 1

    def p(self, token: int, context: tuple[int, ...]) -> float:
        context = context[len(context) - min(len(context), self.order - 1) :]
        lower = 1 / self.vocab_size if not context else self.p(token, context[1:])
        seen = self.after.get(context)
        if not seen:
            return lower
        return (seen[token] + len(seen) * lower) / (sum(seen.values()) + len(seen))

    def nats(self, ids: list[int], context: list[int]) -> float:
        text = context + ids
        return -sum(
            math.log(self.p(text[i], tuple(text[:i]))) for i in range(len(context) + 1, len(text))
        ) / (len(ids) - 1)


@given(
    order=st.integers(1, 6),
    vocab_size=st.integers(1, 4),
    seed=st.integers(0, 10**6),
    sizes=st.tuples(st.integers(1, 60), st.integers(2, 30), st.integers(0, 9)),
)
def test_equals_the_dictionary_oracle(
    order: int, vocab_size: int, seed: int, sizes: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(seed)
    seen, scored, before = (rng.integers(0, vocab_size, size) for size in sizes)
    model = NGram(order, vocab_size).fit(seen)
    oracle = Oracle(order, vocab_size, seen.tolist())
    expected = oracle.nats(scored.tolist(), before.tolist())
    assert model.nats(scored, context=before) == pytest.approx(expected, rel=1e-12)
    probs = model.probs(before)
    assert probs == pytest.approx([oracle.p(w, tuple(before)) for w in range(vocab_size)])


@pytest.mark.parametrize("vocab_size", [1, 7, 2**20])
def test_probabilities_sum_to_one(vocab_size: int) -> None:
    ids = np.random.default_rng(0).integers(0, vocab_size, 500)
    model = NGram(4, vocab_size).fit(ids)
    for context in ([], ids[10:12], ids[:9], ids[-4:], [0, vocab_size - 1, 0]):
        probs = model.probs(context)
        assert probs.sum() == pytest.approx(1, abs=1e-12) and probs.min() > 0


def test_scores_agree_with_probs_across_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    seen, scored = rng.integers(0, 5, 300), rng.integers(0, 5, 100)
    model = NGram(4, 5).fit(seen)
    whole = model.nats(scored)
    assert whole == pytest.approx(
        -np.mean([np.log(model.probs(scored[:i])[scored[i]]) for i in range(1, 100)])
    )
    monkeypatch.setattr("elman.models.ngram.SLICE", 7)
    assert model.nats(scored) == pytest.approx(whole, rel=1e-13)


def test_large_vocabulary_keeps_every_id_apart() -> None:
    ids = np.array([2**20 - 1, 0, 2**20 - 1, 1, 2**20 - 1, 0], dtype=np.uint32)
    probs = NGram(2, 2**20).fit(ids).probs([2**20 - 1])
    assert probs[[0, 1]] == pytest.approx([(2 + 2 * 2 / 9) / 5, (1 + 2 * 1 / 9) / 5], abs=1e-5)


def test_uniform_is_the_log_of_the_vocabulary() -> None:
    assert uniform_nats(65) == pytest.approx(4.17438, abs=1e-5)
    with pytest.raises(ConfigError, match="vocab_size: expected at least 1, got 0"):
        uniform_nats(0)


def test_a_million_tokens_take_seconds() -> None:
    rng = np.random.default_rng(2)
    ids = (rng.zipf(1.3, SLICE + 1000) % 5000).astype(np.uint16)
    start = time.perf_counter()
    nats = NGram(5, 5000).fit(ids[:1000_000]).nats(ids)
    assert time.perf_counter() - start < 20 and nats < uniform_nats(5000)


def test_refuses_bad_input() -> None:
    with pytest.raises(ConfigError, match="order: expected at least 1, got 0"):
        NGram(0, 3)
    with pytest.raises(ConfigError, match="vocab_size: expected at least 1, got 0"):
        NGram(1, 0)
    model = NGram(2, 3)
    with pytest.raises(DataError, match=r"call fit\(ids\) first"):
        model.nats([0, 1])
    with pytest.raises(DataError, match=r"call fit\(ids\) first"):
        model.probs()
    with pytest.raises(DataError, match="at least one token to count"):
        model.fit([])
    with pytest.raises(DataError, match="ids from 0 to 2, got 3"):
        model.fit([0, 3])
    with pytest.raises(DataError, match="ids from 0 to 2, got -1"):
        model.fit([0, -1])
    with pytest.raises(DataError, match=r"got float64 of shape \(2,\)"):
        model.fit([0.5, 1.0])
    with pytest.raises(DataError, match="at least 2 tokens to score, got 1"):
        model.fit([0, 1]).nats([0])
    with pytest.raises(DataError, match="context: expected token ids"):
        model.nats([0, 1], context=[9])
    with pytest.raises(DataError, match="do not fit 64-bit numbers"):
        NGram(1, 2**62).fit([0, 1])
