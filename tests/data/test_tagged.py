"""Sentences become numbers and come back; splits, schemes, unknown tags, batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.conll import Sentence
from elman.data.spans import spans
from elman.data.tagged import (
    LONGEST,
    TaggedSet,
    TaggedVocabulary,
    check_scheme,
    find_scheme,
    read_parts,
    word_vectors,
)
from elman.data.tagged_config import TaggedConfig


def sentence(text: str) -> Sentence:
    """``"Ann/B-PER sleeps/O"`` as a sentence."""
    pieces = [piece.split("/") for piece in text.split()]
    return Sentence([p[0] for p in pieces], [p[1] for p in pieces], list(range(1, len(pieces) + 1)))


SENTENCES = [
    sentence("Ann/B-PER Lee/I-PER saw/O Bo/B-PER"),
    sentence("in/O 1999/O and/O 2001/O ann/O"),
    sentence("Paris/B-LOC"),
]


def vocabulary(scheme: str | None = "bio", **config: Any) -> TaggedVocabulary:
    return TaggedVocabulary.learn(SENTENCES, TaggedConfig(**config), scheme)  # type: ignore[arg-type]


def test_words_are_looked_up_as_the_configuration_says() -> None:
    known = vocabulary()
    assert known.words[:3] == ["<unk>", "0000", "ann"]
    assert known.word_id("ANN") == 2 and known.word_id("1848") == 1 and known.word_id("Eve") == 0
    exact = vocabulary(lowercase=False, digits=False)
    assert exact.word_id("Ann") and not exact.word_id("ANN") and not exact.word_id("1848")
    assert vocabulary(min_count=2).words == ["<unk>", "0000", "ann"]
    assert len(vocabulary(vocab_size=3).words) == 4


def test_rare_characters_are_unknown() -> None:
    known = vocabulary()
    assert "n" in known.characters and "P" not in known.characters
    assert known.character_ids("PnP")[0] == 0 == known.character_ids("PnP")[2]
    long = "n" * 20 + "a" * 500 + "e" * 16
    assert known.character_ids(long) == known.character_ids("n" * 16 + "e" * 16)
    assert len(known.character_ids(long)) == LONGEST


def test_spans_are_learned_in_one_scheme_and_given_in_another() -> None:
    known = vocabulary()
    assert known.tags[0] == "O" and "E-PER" in known.tags and "E-LOC" in known.tags
    ids = known.tag_ids(SENTENCES[0], "x")
    assert [known.tags[k] for k in ids] == ["B-PER", "E-PER", "O", "S-PER"]
    assert known.given_tags(ids) == SENTENCES[0].tags
    assert "E-PER" not in vocabulary(learn="bio").tags


def test_plain_tags() -> None:
    plain = [sentence("a/DET b/NOUN")]
    known = TaggedVocabulary.learn(plain, TaggedConfig(), None)
    assert known.tags == ["DET", "NOUN"] and known.learned is None
    assert known.given_tags(known.tag_ids(plain[0], "x")) == ["DET", "NOUN"]


def test_json_and_back() -> None:
    known = vocabulary()
    again = TaggedVocabulary.from_json(known.to_json())
    assert again.to_json() == known.to_json()
    assert again.word_id("Ann") == known.word_id("Ann") and again.scheme == "bio"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("words"), "not a vocabulary of a tagger: 'words'"),
        (lambda c: c.update(format=2), "format 2 is not 1"),
        (lambda c: c.update(words=["a", "a"]), "names a word twice"),
        (lambda c: c.update(tags=[1]), "must be texts"),
        (lambda c: c.update(scheme="x"), "unknown schemes"),
    ],
)
def test_damaged_json(change: Any, message: str) -> None:
    content = json.loads(vocabulary().to_json())
    change(content)
    with pytest.raises(DataError, match=message):
        TaggedVocabulary.from_json(json.dumps(content))
    with pytest.raises(DataError, match="not a vocabulary"):
        TaggedVocabulary.from_json("[")


def test_an_unknown_tag_is_named_with_its_line() -> None:
    with pytest.raises(DataError, match="test.conll, line 2: the tag 'B-ORG' is not in the train"):
        vocabulary().tag_ids(sentence("a/O b/B-ORG"), "test.conll")


def test_schemes_found_and_checked() -> None:
    assert find_scheme(SENTENCES, "x", TaggedConfig()) == "bio"
    assert find_scheme(SENTENCES, "x", TaggedConfig(scheme="none")) is None
    assert find_scheme([sentence("a/DET")], "x", TaggedConfig()) is None
    with pytest.raises(DataError, match="x, line 1: 'DET' is no tag of bio"):
        find_scheme([sentence("a/DET")], "x", TaggedConfig(scheme="bio"))
    with pytest.raises(DataError, match="x, line 2: 'I-PER' after 'O'"):
        check_scheme([sentence("a/O b/I-PER")], "x", "bio")


def test_batches_hold_each_distinct_word_once() -> None:
    known = vocabulary()
    data = TaggedSet.encode(SENTENCES, known)
    batch = data.batch([1, 0])
    assert batch.lengths.tolist() == [5, 4] and batch.words.shape == (2, 5)
    assert len(batch.characters) == 9  # Ann and ann are two, each once
    for row, source in enumerate((SENTENCES[1], SENTENCES[0])):
        for place, token in enumerate(source.tokens):
            spelled = batch.which[row, place]
            size = batch.character_lengths[spelled]
            assert batch.characters[spelled, :size].tolist() == known.character_ids(token)
            assert batch.words[row, place] == known.word_id(token)
        count = len(source.tokens)
        assert batch.tags[row, :count].tolist() == known.tag_ids(source, "x")
        assert not batch.tags[row, count:].any() and not batch.words[row, count:].any()


def test_without_tags() -> None:
    data = TaggedSet.encode([Sentence(["Ann"], None, ())], vocabulary())
    assert data.batch([0]).tags.tolist() == [[0]]


def test_parts_of_one_file_and_files_apart(tmp_path: Path) -> None:
    main, other = tmp_path / "a.conll", tmp_path / "b.conll"
    main.write_text("".join(f"w{k} X\n\n" for k in range(20)))
    other.write_text("z X\n\n")
    parts = read_parts(str(main), TaggedConfig())
    assert [len(part) for part in parts] == [16, 2, 2]
    assert sorted(s.tokens[0] for part in parts for s in part) == sorted(f"w{k}" for k in range(20))
    parts = read_parts(str(main), TaggedConfig(valid=str(other), test=str(other)))
    assert [len(part) for part in parts] == [20, 1, 1]
    before = parts.fingerprint
    other.write_text("z Y\n\n")
    assert read_parts(str(main), TaggedConfig(test=str(other))).fingerprint != before
    (tmp_path / "c.conll").write_text("-DOCSTART- X\n\n")
    with pytest.raises(DataError, match="c.conll has no sentence in it"):
        read_parts(str(tmp_path / "c.conll"), TaggedConfig())


def test_a_file_without_empty_lines_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("a X\nb Y\n" * 50)
    with pytest.raises(DataError, match=r"a.conll: 1 examples leave none .* empty line ends"):
        read_parts(str(tmp_path / "a.conll"), TaggedConfig())


def test_vectors_by_looked_up_words(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("Ann 1 1\nEve 2 2\nann 3 3\nBo 4 4\nZoe 5 5\n")
    found = word_vectors(str(path), vocabulary(), limit=2)
    assert dict(zip(found.words, found.matrix[:, 0].tolist(), strict=True)) == {
        "ann": 3.0,
        "eve": 2.0,
        "bo": 4.0,
    }
    more = TaggedVocabulary.learn(SENTENCES, TaggedConfig(), "bio", more_words=found.words)
    assert more.word_id("Eve") and len(more.words) == len(vocabulary().words) + 1
    np.testing.assert_equal(more.words[: len(vocabulary().words)], vocabulary().words)


def test_spans_of_given_tags_are_those_of_learned() -> None:
    known = vocabulary()
    for source in SENTENCES:
        given = known.given_tags(known.tag_ids(source, "x"))
        assert spans(given) == spans(source.tags or [])
