"""Windows: every base once, with its context, whatever pieces the sequence comes in."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.data.dna.alphabet import Codes
from elman.data.dna.fasta import Piece
from elman.data.dna.windows import cut_pieces


def pieces(name: str, codes: Codes, size: int) -> Iterator[Piece]:
    for start in range(0, len(codes), size):
        part = codes[start : start + size]
        yield Piece(name, "", 1, start, part, start + size >= len(codes))


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
    st.integers(1, 70),
    st.integers(1, 25),
    st.integers(0, 12),
)
def test_every_base_is_in_one_window(
    lengths: list[int], size: int, window: int, context: int
) -> None:
    rng = np.random.default_rng(0)
    sequences = [rng.integers(1, 16, n).astype(np.uint8) for n in lengths]
    every = (p for k, codes in enumerate(sequences) for p in pieces(f"s{k}", codes, size))
    found: dict[str, list[Codes]] = {}
    for cut in cut_pieces(every, window, context):
        whole = sequences[int(cut.name[1:])]
        assert cut.start == sum(map(len, found.get(cut.name, [])))
        assert cut.before == min(cut.start, context)
        assert 1 <= cut.size <= window
        first = cut.start - cut.before
        last = min(len(whole), cut.start + cut.size + context)
        np.testing.assert_array_equal(cut.codes, whole[first:last])
        found.setdefault(cut.name, []).append(cut.codes[cut.before : cut.before + cut.size])
    for k, codes in enumerate(sequences):
        np.testing.assert_array_equal(np.concatenate(found[f"s{k}"]), codes)


def test_a_long_sequence_needs_no_more_memory() -> None:
    part = np.ones(10_000, np.uint8)
    every = (Piece("a", "", 1, k * 10_000, part, k == 299) for k in range(300))
    tracemalloc.start()
    total = sum(cut.size for cut in cut_pieces(every, 2000, 200))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 3_000_000 and peak < 200_000
