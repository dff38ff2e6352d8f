"""Batches of like length: every example once an epoch, any batch by its number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.buckets import Buckets, scoring_batches

LENGTHS = st.lists(st.integers(0, 60), min_size=1, max_size=80)


@given(LENGTHS, st.integers(1, 9), st.none() | st.integers(1, 200), st.integers(0, 3))
def test_an_epoch_holds_every_example_once(
    lengths: list[int], batch_size: int, max_tokens: int | None, epoch: int
) -> None:
    buckets = Buckets(lengths, batch_size, max_tokens=max_tokens)
    batches = [buckets.rows(epoch, k).tolist() for k in range(len(buckets))]
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        padded = len(batch) * max(lengths[row] for row in batch)
        assert 1 <= len(batch) <= batch_size
        assert max_tokens is None or len(batch) == 1 or padded <= max_tokens


def test_a_batch_depends_on_seed_epoch_and_index_alone() -> None:
    lengths = np.arange(1000) % 37
    straight, jumping = Buckets(lengths, 16, seed=5), Buckets(lengths, 16, seed=5)
    wanted = [straight.rows(epoch, k) for epoch in range(2) for k in range(len(straight))]
    n = len(straight)
    for epoch, k in [(1, 3), (0, 7), (1, 0)]:
        assert (jumping.rows(epoch, k) == wanted[epoch * n + k]).all()
    assert (Buckets(lengths, 16, seed=6).rows(0, 0) != wanted[0]).any()
    assert sorted(wanted[0]) != sorted(wanted[n])


def test_little_of_a_batch_is_padding() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 3200)
    buckets = Buckets(lengths, 32)
    padded = sum(len(r) * lengths[r].max() for r in (buckets.rows(0, k) for k in range(100)))
    assert padded < 1.06 * lengths.sum()


def test_no_examples_are_an_error() -> None:
    with pytest.raises(DataError, match="no examples"):
        Buckets([], 4)


@given(LENGTHS, st.integers(1, 9))
def test_scoring_takes_every_example_once_longest_first(lengths: list[int], size: int) -> None:
    batches = [rows.tolist() for rows in scoring_batches(lengths, size)]
    flat = [row for batch in batches for row in batch]
    assert sorted(flat) == list(range(len(lengths)))
    assert [lengths[row] for row in flat] == sorted(lengths, reverse=True)


def test_scoring_batches_are_bounded_and_hold_each_example_once() -> None:
    lengths = np.random.default_rng(0).integers(0, 50, 100)
    batches = list(scoring_batches(lengths, 8, max_tokens=100))
    assert sorted(np.concatenate(batches).tolist()) == list(range(100))
    for rows in batches:
        assert len(rows) <= 8 and (len(rows) == 1 or len(rows) * lengths[rows].max() <= 100)
    assert [len(rows) for rows in scoring_batches([500, 1, 1], 8, max_tokens=100)] == [1, 2]
