from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.stream import TokenStream, scoring_windows


@given(
    rows=st.integers(1, 5),
    length=st.integers(1, 12),
    extra=st.integers(0, 300),
    seed=st.integers(0, 5),
    vary=st.booleans(),
    shift=st.booleans(),
)
def test_each_row_reads_on_where_it_stopped(
    rows: int, length: int, extra: int, seed: int, vary: bool, shift: bool
) -> None:
    ids = np.arange(rows * length + 1 + extra, dtype=np.uint16)
    stream = TokenStream(ids, rows, length, seed=seed, vary=vary, shift=shift)
    for epoch in range(3):
        batches = [stream.batch(epoch, i) for i in range(len(stream))]
        inputs = torch.cat([batch.inputs for batch in batches], dim=1)
        targets = torch.cat([batch.targets for batch in batches], dim=1)
        assert [batch.fresh for batch in batches] == [True] + [False] * (len(stream) - 1)
        assert inputs.dtype == targets.dtype == torch.int64
        assert inputs.shape[0] == rows
        # The ids count up, so a row without gap or overlap counts up by one.
        assert (inputs.diff(dim=1) == 1).all()
        assert (targets == inputs + 1).all()
        # No token is a target twice, and rows leave less than a window over.
        assert len(targets.unique()) == targets.numel()
        left = len(ids) - 1 - targets.numel()
        assert left < rows * (length if not vary else 1) + rows + length * shift
        if not vary:
            assert all(batch.inputs.shape[1] == length for batch in batches)
        if epoch == 0:
            assert inputs[0, 0] == 0


def test_batches_come_in_any_order() -> None:
    ids = np.random.default_rng(0).integers(0, 50, 2000).astype(np.uint8)
    a, b = (TokenStream(ids, 3, 20, seed=4, vary=True, shift=True) for _ in range(2))
    forward = {(e, i): a.batch(e, i) for e in range(3) for i in range(len(a))}
    for (e, i), batch in reversed(forward.items()):
        again = b.batch(e, i)
        assert torch.equal(again.inputs, batch.inputs)
        assert torch.equal(again.targets, batch.targets)


def test_lengths_vary_around_the_length_and_by_epoch_and_seed() -> None:
    ids = np.zeros(200_001, np.uint8)
    stream = TokenStream(ids, 2, 70, vary=True)

    def lengths(stream: TokenStream, epoch: int) -> list[int]:
        return [stream.batch(epoch, i).inputs.shape[1] for i in range(len(stream))]

    first = lengths(stream, 0)
    assert sum(first) == 100_000
    assert 69 < np.mean(first) < 72
    assert 2 < np.std(first) < 20
    assert min(first) >= 5
    assert first != lengths(stream, 1)
    assert first != lengths(TokenStream(ids, 2, 70, vary=True, seed=1), 0)
    assert first == lengths(TokenStream(ids, 2, 70, vary=True), 0)


def test_too_short_says_how_many_are_needed() -> None:
    with pytest.raises(DataError, match="has 40 tokens.* needs 41. Give a longer text, or lower"):
        TokenStream(np.zeros(40, np.uint8), 4, 10)
    assert len(TokenStream(np.zeros(41, np.uint8), 4, 10, shift=True)) == 1
    with pytest.raises(DataError, match="at least 1"):
        TokenStream(np.zeros(40, np.uint8), 0, 10)


def test_batch_out_of_range() -> None:
    stream = TokenStream(np.zeros(41, np.uint8), 4, 10)
    with pytest.raises(IndexError, match="batch 1 of an epoch of 1"):
        stream.batch(0, 1)


def test_a_batch_takes_less_than_50_microseconds() -> None:
    stream = TokenStream(np.zeros(1_000_000, np.uint8), 16, 128)
    # The fastest of many: what the code needs when nobody else has the processor.
    assert min(timed(stream, i % 400) for i in range(2000)) < 50e-6


def timed(stream: TokenStream, index: int) -> float:
    begin = time.perf_counter()
    stream.batch(0, index)
    return time.perf_counter() - begin


@given(n=st.integers(2, 120), batch=st.integers(1, 15), length=st.integers(1, 40))
def test_every_token_but_the_first_is_scored_once(n: int, batch: int, length: int) -> None:
    ids = np.arange(n, dtype=np.uint8)
    scored: list[int] = []
    expected: dict[int, int] = {}
    for i, window in enumerate(scoring_windows(ids, batch, length)):
        assert window.fresh == (i == 0)
        assert window.inputs.shape == window.targets.shape == window.mask.shape
        assert window.inputs.shape[1] <= length
        assert (window.targets == window.inputs + 1).all()
        scored += window.targets[window.mask].tolist()
        # Every row goes on with the token it stopped at: the carried state fits.
        for row, (inputs, mask) in enumerate(zip(window.inputs, window.mask, strict=True)):
            for token in inputs[mask].tolist():
                assert token == expected.get(row, token)
                expected[row] = token + 1
        if batch == 1:
            assert window.mask.all()
    assert sorted(scored) == list(range(1, n))


def test_scoring_needs_two_tokens() -> None:
    with pytest.raises(DataError, match="has 1 tokens; scoring needs at least 2"):
        list(scoring_windows(np.zeros(1, np.uint8)))
    with pytest.raises(DataError, match="at least 1"):
        list(scoring_windows(np.zeros(5, np.uint8), 0))
