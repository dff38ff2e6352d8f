"""Captions against references: each score where it can be told by hand."""

from __future__ import annotations

import pytest

from elman.tasks.caption import scores
from elman.tasks.caption.scores import caption_words, score_captions

SAID = [["a dog runs over the grass", "the dog runs"], ["two men sit on a bench"]]


def test_the_same_words_are_the_best_of_all() -> None:
    found = score_captions([some[0] for some in SAID], SAID)
    assert found.exact == 1.0 and found.bleu == pytest.approx(100.0)
    # against its own words 10; the second reference of the first clip takes some of it away
    assert found.cider is not None and 5.0 < found.cider < 10.0
    alone = score_captions([some[0] for some in SAID], [some[:1] for some in SAID])
    assert alone.cider == pytest.approx(10.0)


def test_any_reference_is_right() -> None:
    assert score_captions(["the dog runs", "two men sit"], SAID).exact == 0.5


def test_words_have_neither_case_nor_punctuation() -> None:
    assert caption_words("A man's dog -- running, 3 times.") == [
        *("a", "man's", "dog", "running", "3", "times")
    ]
    loud = score_captions(["A DOG runs over the grass!", "Two men sit on a bench."], SAID)
    plain = score_captions(["a dog runs over the grass", "two men sit on a bench"], SAID)
    assert loud.cider == plain.cider
    assert loud.exact == 0.0


def test_references_may_be_unequally_many() -> None:
    found = score_captions(["the dog runs", "two men sit on a bench"], SAID)
    assert found.bleu == pytest.approx(100.0)
    assert "nrefs:var" in found.signature


def test_of_one_clip_there_is_no_cider() -> None:
    found = score_captions(["a dog"], [["a dog"]])
    assert found.cider is None and "CIDEr-D" not in found.values()
    assert found.values()["exact match"] == 1.0


def test_without_sacrebleu_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "sacrebleu", lambda: None)
    found = score_captions(["the dog runs", "two men"], SAID)
    assert found.bleu is None and found.signature == ""
    assert set(found.values()) == {"exact match", "CIDEr-D"}


def test_nothing_is_nothing() -> None:
    assert score_captions([], []).exact == 0.0
