"""Words of letters are counted as a plain loop counts them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from elman.data.dna.alphabet import BASES, encoded, reverse_complement
from elman.data.dna.kmers import kmer_ids, letters_by_place


@given(st.text("ACGTN", max_size=30), st.integers(1, 6))
def test_words_are_those_of_a_plain_loop(text: str, k: int) -> None:
    expected = []
    for start in range(len(text) - k + 1):
        word = text[start : start + k]
        if "N" not in word:
            expected.append(sum(BASES.index(c) * 4 ** (k - 1 - i) for i, c in enumerate(word)))
    assert kmer_ids(encoded(text), k).tolist() == expected


@given(st.text("ACGTRYN", min_size=1, max_size=30), st.integers(1, 6))
def test_both_strands_have_the_same_words(text: str, k: int) -> None:
    codes = encoded(text)
    one = kmer_ids(codes, k, both_strands=True)
    other = kmer_ids(reverse_complement(codes), k, both_strands=True)
    assert one.tolist() == other[::-1].tolist()
    assert all(a <= b for a, b in zip(one, kmer_ids(codes, k), strict=True))


@given(st.text("ACGTRN", max_size=30))
def test_places_and_letters_can_be_told_back(text: str) -> None:
    ids = letters_by_place(encoded(text)).tolist()
    told = [(i // 4, BASES[i % 4]) for i in ids]
    assert told == [(place, letter) for place, letter in enumerate(text) if letter in BASES]
