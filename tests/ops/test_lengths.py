from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from elman.ops.lengths import lengths_to_mask, reverse_reset, reverse_time

rows = st.integers(0, 6).flatmap(
    lambda steps: st.tuples(st.just(steps), st.lists(st.integers(0, steps), min_size=1, max_size=4))
)


@given(rows)
def test_mask_counts_to_the_lengths(case: tuple[int, list[int]]) -> None:
    steps, lengths = case
    mask = lengths_to_mask(torch.tensor(lengths), steps)
    assert mask.shape == (steps, len(lengths))
    assert mask.sum(0).tolist() == lengths


@given(rows)
def test_reversing_twice_changes_nothing(case: tuple[int, list[int]]) -> None:
    steps, lengths = case
    x = torch.arange(steps * len(lengths) * 2.0).reshape(steps, len(lengths), 2)
    once = reverse_time(x, torch.tensor(lengths))
    assert torch.equal(reverse_time(once, torch.tensor(lengths)), x)
    for b, length in enumerate(lengths):
        assert torch.equal(once[:length, b], x[:length, b].flip(0))
        assert torch.equal(once[length:, b], x[length:, b]), "padding stays at the end"


@given(rows, st.integers(0, 10**6))
def test_reset_cuts_the_same_place_backwards(case: tuple[int, list[int]], seed: int) -> None:
    steps, lengths = case
    rng = torch.Generator().manual_seed(seed)
    reset = torch.rand(steps, len(lengths), generator=rng) < 0.5
    turned = reverse_reset(reset, torch.tensor(lengths))
    for b, length in enumerate(lengths):
        cuts = {t for t in range(1, length) if reset[t, b]}
        # the reverse run meets step t-1 at position length - t
        assert set(torch.nonzero(turned[:, b]).flatten().tolist()) == {length - t for t in cuts}


def test_without_lengths_all_rows_are_full() -> None:
    reset = torch.tensor([[False], [True], [False]])
    assert reverse_reset(reset).flatten().tolist() == [False, False, True]
