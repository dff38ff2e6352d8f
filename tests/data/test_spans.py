"""Spans are those of conlleval; schemes turn into each other without loss."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.spans import (
    SCHEMES,
    Scheme,
    Span,
    SpanScores,
    allowed_moves,
    convert,
    first_mistake,
    guess_scheme,
    spans,
    written,
)

TAGS = ["O", *(f"{p}-{t}" for p in "BI" for t in ("PER", "LOC"))]
ALL_TAGS = [*TAGS, *(f"{p}-{t}" for p in "ES" for t in ("PER", "LOC"))]


def conlleval_chunks(tags: list[str]) -> set[tuple[int, int, str]]:
    """The script's two rules, end of a chunk and start of a chunk, as tables of pairs."""
    ends = {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"), ("E", "E"), ("E", "I"), ("E", "O")}
    starts = {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I"), ("E", "E"), ("E", "I"), ("O", "E")}
    chunks, start = set(), -1
    before, kind = "O", ""
    for k, tag in enumerate([*tags, "O"]):
        now, _, now_kind = tag.partition("-")
        if start >= 0 and ((before, now) in ends or (before != "O" and kind != now_kind)):
            chunks.add((start, k, kind))
            start = -1
        if (before, now) in starts or (now != "O" and kind != now_kind):
            start = k
        before, kind = now, now_kind
    return chunks


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_short_tagging_has_the_spans_of_conlleval(length: int) -> None:
    for tags in itertools.product(TAGS, repeat=length):
        assert {tuple(s) for s in spans(tags)} == conlleval_chunks(list(tags)), tags


@given(st.lists(st.sampled_from([*TAGS, "E-PER", "E-LOC"]), max_size=12))
def test_long_taggings_with_ends_too(tags: list[str]) -> None:
    # After E the script has no rule for B of the same type: a chunk ends at B all the same.
    if ("E", "B") in {(a[0], b[0]) for a, b in itertools.pairwise(tags)}:
        return
    assert {tuple(s) for s in spans(tags)} == conlleval_chunks(tags)


def test_types_with_dashes_and_other_letters() -> None:
    assert spans(["B-geo-loc", "L-geo-loc", "U-PER"]) == [Span(0, 2, "geo-loc"), Span(2, 3, "PER")]
    assert spans(["NOUN", "X-1", "B-", "-LRB-"]) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@given(tags=st.lists(st.sampled_from(ALL_TAGS), max_size=10))
def test_converting_keeps_the_spans_and_makes_valid_tags(scheme: Scheme, tags: list[str]) -> None:
    converted = convert(tags, scheme)
    assert spans(converted) == spans(tags)
    assert first_mistake(converted, scheme) is None


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_tagging_is_valid_if_its_moves_are_allowed(scheme: Scheme, length: int) -> None:
    known = ALL_TAGS if scheme == "iobes" else TAGS
    moves = allowed_moves(known, scheme)
    assert moves is not None
    for path in itertools.product(range(len(known)), repeat=length):
        allowed = moves.start[path[0]] and moves.end[path[-1]]
        allowed = allowed and all(moves.between[i, j] for i, j in itertools.pairwise(path))
        assert allowed == (first_mistake([known[k] for k in path], scheme) is None), path


def test_moves_of_too_few_tags() -> None:
    assert allowed_moves(["O", "B-X"], "iobes") is None  # nothing may follow B-X


@pytest.mark.parametrize(
    ("tags", "scheme", "message"),
    [
        (["O", "I-PER"], "bio", "'I-PER' after 'O': a span begins with B-PER"),
        (["I-PER"], "bio", "'I-PER' at the beginning"),
        (["B-PER", "I-LOC"], "bio", "'I-LOC' after 'B-PER': a span begins with B-LOC"),
        (["B-PER"], "iobes", "a span begins with S-PER"),
        (["B-PER", "I-PER", "O"], "iobes", "expected E-PER"),
        (["S-PER"], "bio", "'S-PER': bio has the prefixes B, I alone"),
        (["O", "NOUN"], "bio", "'NOUN' is no tag of bio"),
        (["B-PER"], "iob1", "expected I-PER"),
    ],
)
def test_mistakes(tags: list[str], scheme: Scheme, message: str) -> None:
    found = first_mistake(tags, scheme)
    assert found is not None and message in found[1]


def test_bilou_is_valid_iobes() -> None:
    assert first_mistake(["B-X", "I-X", "L-X", "U-Y", "O"], "iobes") is None


def test_guesses() -> None:
    rng = random.Random(0)
    for scheme in SCHEMES:
        sentences = [convert([rng.choice(TAGS) for _ in range(8)], scheme) for _ in range(20)]
        assert guess_scheme(sentences) == scheme
    assert guess_scheme([["O", "O"]]) is None
    assert guess_scheme([["NOUN", "B-X"]]) is None


def test_scores_by_type() -> None:
    scores = SpanScores()
    scores.add(["B-A", "I-A", "O", "B-B"], ["B-A", "I-A", "B-B", "B-B"])
    scores.add(["B-B", "O"], ["B-A", "O"])
    assert scores.types == ["A", "B"]
    assert (scores.precision("A"), scores.recall("A")) == (0.5, 1.0)
    assert scores.f1("B") == 0.5
    assert scores.f1() == pytest.approx(2 * 2 / (4 + 3))
    assert SpanScores().f1() == 0.0
    with pytest.raises(DataError, match="as many tags as the 1 tokens, got 2"):
        scores.add(["O"], ["O", "O"])


def test_written_spans_that_touch() -> None:
    found = [Span(0, 1, "A"), Span(1, 2, "A"), Span(2, 3, "B")]
    assert written(found, 3, "iob1") == ["I-A", "B-A", "I-B"]


def test_moves_are_boolean() -> None:
    moves = allowed_moves(TAGS, "bio")
    assert moves is not None and moves.between.dtype == np.bool_
