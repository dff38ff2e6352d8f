"""Plain text is cut into words as a treebank would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.words import cut_words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Peter Blackburn, of the EU.", ["Peter", "Blackburn", ",", "of", "the", "EU", "."]),
        ("I don't think it's Ann’s", ["I", "do", "n't", "think", "it", "'s", "Ann", "’s"]),
        ("see https://a.org/b?c=1.", ["see", "https://a.org/b?c=1", "."]),
        ("mail a.b@c-d.org!", ["mail", "a.b@c-d.org", "!"]),
        ("(1,299.50 at 12:30)", ["(", "1,299.50", "at", "12:30", ")"]),
        ("well-known O'Brien ...", ["well-known", "O'Brien", "..."]),
        ("北京 Zürich", ["北京", "Zürich"]),
        ("", []),
        (" \t ", []),
    ],
)
def test_cut(line: str, words: list[str]) -> None:
    assert cut_words(line) == words


@given(st.text())
def test_nothing_but_space_is_lost(line: str) -> None:
    assert "".join(cut_words(line)) == "".join(line.split())
