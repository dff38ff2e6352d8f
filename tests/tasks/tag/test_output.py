"""What is printed, in each form; what is read, from each form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from elman._errors import DataError
from elman.data.tagged_config import TaggedConfig
from elman.tasks.tag.config import TagPredict
from elman.tasks.tag.output import TaggedSentence, chunks, sentences_of, written

FOUND = TaggedSentence(
    ["Ann", "Lee", "saw", "Paris"],
    ["B-PER", "I-PER", "O", "B-LOC"],
    [0.9, 0.8, 1.0, 0.7],
)
EMPTY = TaggedSentence([], [], [])


def text(*found: TaggedSentence, spans: bool = True, color: bool = False, **options: Any) -> str:
    return "".join(written(found, TagPredict(**options), has_spans=spans, color=color))


def test_to_read() -> None:
    assert text(FOUND, EMPTY) == "[Ann Lee]/PER saw [Paris]/LOC\n\n"
    assert text(FOUND, spans=False).startswith("Ann/B-PER Lee/I-PER saw/O")


def test_in_colour() -> None:
    shown = text(FOUND, color=True)
    assert "\x1b[1;32mAnn Lee\x1b[0m" in shown and "/PER" in shown and "saw" in shown
    assert "\x1b[2;" in text(FOUND, spans=False, color=True)


def test_what_would_move_the_cursor_is_not_printed() -> None:
    assert "\x1b" not in text(TaggedSentence(["\x1b[2J"], ["B-\x1b"], [1.0]))


def test_columns() -> None:
    assert text(FOUND, EMPTY, format="conll") == (
        "Ann\tB-PER\nLee\tI-PER\nsaw\tO\nParis\tB-LOC\n\n\n"
    )


def test_json() -> None:
    content = json.loads(text(FOUND, format="json"))
    assert content["tags"] == FOUND.tags
    assert content["spans"][0] == {
        "start": 0,
        "end": 2,
        "type": "PER",
        "text": "Ann Lee",
        "confidence": 0.8,
    }
    assert "spans" not in json.loads(text(FOUND, spans=False, format="json"))


@pytest.mark.parametrize(
    ("kind", "lines", "sentences"),
    [
        ("text", ["Ann's dog.", ""], [["Ann", "'s", "dog", "."], []]),
        ("words", ["Ann's dog ."], [["Ann's", "dog", "."]]),
        ("conll", ["Ann x", "sleeps y", "", "Hi z"], [["Ann", "sleeps"], ["Hi"]]),
        ("conllu", ["1\tAnn" + "\t_" * 8], [["Ann"]]),
        ("jsonl", ['{"tokens": ["a", "b"]}'], [["a", "b"]]),
        ("csv", ["sentence,word", "1,a", "2,b"], [["a"], ["b"]]),
    ],
)
def test_inputs(kind: Any, lines: list[str], sentences: list[list[str]]) -> None:
    assert list(sentences_of(lines, TagPredict(input=kind), TaggedConfig())) == sentences


def test_columns_of_another_format_are_not_those_of_the_training() -> None:
    own = TaggedConfig(format="csv", token_column="w")
    assert list(sentences_of(["a x"], TagPredict(input="conll"), own)) == [["a"]]
    with pytest.raises(DataError, match="the input, line 1: no key 'w'"):
        list(sentences_of(['{"a": 1}'], TagPredict(input="jsonl"), TaggedConfig(token_column="w")))


def test_chunks() -> None:
    assert list(chunks(iter([["a"], ["b"], ["c"]]), 2)) == [[["a"], ["b"]], [["c"]]]
