"""Texts with times and confidence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from elman.data.audio.alphabet import Alphabet
from elman.tasks.transcribe.config import Searching
from elman.tasks.transcribe.transcripts import Letter, Search, parts, words_of


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


def test_a_long_recording_is_cut_in_a_pause() -> None:
    steps = table("ab" * 20 + "-" * 11 + "a-b-" * 10 + "----" + "ab" * 30)
    cuts = list(parts(steps, 80))
    assert cuts[0][1] == 40 + 5 and cuts[-1][1] == len(steps)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(cuts))
    assert all(0 < b - a <= 80 for a, b in cuts)
    assert list(parts(steps)) == [(0, len(steps))]
    endless = table("ab" * 100)  # without a pause it is cut all the same
    assert list(parts(endless, 80)) == [(0, 80), (80, 160), (160, 200)]


def test_a_beam_on_a_long_recording_is_the_beam_of_its_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = table("ab a-a " * 30 + "-" * 9 + "b a" * 20)
    whole = Search(ALPHABET, 0.02, Searching(beam=4)).transcript(steps, 10.0)
    monkeypatch.setattr(parts, "__defaults__", (150,))
    cut = Search(ALPHABET, 0.02, Searching(beam=4))
    assert cut.text(steps) == whole.text
    found = cut.transcript(steps, 10.0)
    assert [w.start_s for w in found.words] == [w.start_s for w in whole.words]
    greedy = Search(ALPHABET, 0.02, Searching()).transcript(steps, 10.0)
    assert greedy.words == whole.words
