"""Scores and the baseline are what counting by hand gives."""

from __future__ import annotations

import pytest

from elman.data.conll import Sentence
from elman.data.tagged import TaggedVocabulary
from elman.data.tagged_config import TaggedConfig
from elman.tasks.tag.scores import FrequentTags, TagScores


def sentence(words: str, tags: str) -> Sentence:
    return Sentence(words.split(), tags.split(), ())


NAMES = [sentence("Ann saw Bo", "B-PER O B-PER"), sentence("Bo Lee", "B-PER I-PER")]
WORDS = [sentence("the run", "DET NOUN"), sentence("they run run", "PRON VERB VERB")]


def test_spans() -> None:
    scores = TagScores(TaggedVocabulary.learn(NAMES, TaggedConfig(), "bio"))
    scores.add(NAMES[0], ["B-PER", "O", "O"])
    scores.add(NAMES[1], ["B-PER", "B-PER"])
    assert scores.metrics == {
        "F1": pytest.approx(1 / 3),
        "precision": pytest.approx(1 / 3),
        "recall": pytest.approx(1 / 3),
        "accuracy": pytest.approx(3 / 5),
    }
    assert scores.judged == pytest.approx(1 / 3)
    assert scores.report("x", {}).tables[0].rows == (
        ("PER", pytest.approx(1 / 3), pytest.approx(1 / 3), pytest.approx(1 / 3), 3),
    )


def test_tags_alone_and_unknown_words() -> None:
    scores = TagScores(TaggedVocabulary.learn(WORDS, TaggedConfig(), None))
    scores.add(sentence("the cat dog", "DET NOUN NOUN"), ["DET", "NOUN", "VERB"])
    scores.add_nats(2.0, 3)
    report = scores.report("x", {})
    assert report["accuracy"] == pytest.approx(2 / 3) == scores.judged
    assert report["accuracy on unknown words"] == 0.5
    assert report["nats per word"] == 2.0
    assert report.tables[0].rows[0] == ("NOUN", 1.0, 0.5, pytest.approx(2 / 3), 2)
    assert report.notes == ("3 words, 2 of them unknown.",)


def test_the_most_frequent_tag() -> None:
    frequent = FrequentTags(WORDS, TaggedVocabulary.learn(WORDS, TaggedConfig(), None))
    assert frequent.tags(["The", "run", "cat"]) == ["DET", "VERB", "VERB"]


def test_the_most_frequent_tag_writes_valid_spans() -> None:
    frequent = FrequentTags(NAMES, TaggedVocabulary.learn(NAMES, TaggedConfig(), "bio"))
    assert frequent.tags(["Lee", "saw", "Lee"]) == ["B-PER", "O", "B-PER"]
