"""Texts with times and confidence."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data.audio.alphabet import Alphabet
from elman.tasks.transcribe.config import Searching
from elman.tasks.transcribe.transcripts import Letter, Search, words_of


def table(way: str, sure: float = 0.9) -> np.ndarray:
    """Log-probabilities of a way: ``-`` is the blank."""
    ids = ["-ab ".index(c) for c in way]
    rest = (1 - sure) / 3
    order = [0, 2, 3, 1]  # the alphabet is sorted: space, a, b
    return np.log(np.eye(4)[[order[k] for k in ids]] * (sure - rest) + rest)


ALPHABET = Alphabet(" ab")


@pytest.mark.parametrize("beam", [1, 4])
def test_words_stand_where_they_were_said(beam: int) -> None:
    search = Search(ALPHABET, 0.02, Searching(beam=beam))
    found = search.transcript(table("--aa-b--  a-a-"), 0.28)
    assert found.text == "ab aa"
    assert [(w.text, w.start_s, w.end_s) for w in found.words] == [
        ("ab", 0.04, 0.12),
        ("aa", 0.2, 0.26),
    ]
    assert all(w.confidence == pytest.approx(0.9, abs=1e-4) for w in found.words)
    assert [one.text for one in found.letters] == list("ab aa")
    assert search.text(table("--aa-b--  a-a-")) == "ab aa"


def test_no_time_is_beyond_the_end_and_nothing_is_nothing() -> None:
    search = Search(ALPHABET, 0.02, Searching())
    assert search.transcript(table("--a"), 0.05).words[0].end_s == 0.05
    empty = search.transcript(table("----"), 0.08)
    assert (empty.text, empty.words, empty.letters) == ("", (), ())


def test_spaces_at_the_ends_make_no_words() -> None:
    letters = [Letter(c, k / 10, k / 10 + 0.05, 0.5) for k, c in enumerate(" a  b ")]
    assert [w.text for w in words_of(letters)] == ["a", "b"]
    search = Search(ALPHABET, 0.02, Searching())
    assert search.text(table(" - a-  ")) == "a"
