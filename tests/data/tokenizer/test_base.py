"""What holds for every tokenizer."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elman._errors import DataError, UnknownName
from elman.data.config import TextConfig
from elman.data.tokenizer import TOKENIZERS, Tokenizer, tokenizer_from_json, train_tokenizer
from elman.data.tokenizer.base import check_ids, ids_dtype, lower, utf8

SAMPLE = "It's a cat.\r\nA naïve cat — 猫 😀👍🏽\ta dog's  2nd life's\n\n"
KINDS: list[dict[str, Any]] = [
    {"tokenizer": "char"},
    {"tokenizer": "char", "min_count": 2, "lowercase": True},
    {"tokenizer": "byte"},
    {"tokenizer": "word"},
    {"tokenizer": "word", "word_split": "spaces", "vocab_size": 6},
    {"tokenizer": "word", "word_split": "plain", "lowercase": True},
    {"tokenizer": "bpe", "vocab_size": 300},
]
TRAINED = [train_tokenizer([SAMPLE * 3], TextConfig(**kind)) for kind in KINDS]
every = pytest.mark.parametrize("tokenizer", TRAINED, ids=lambda t: t.name)
texts = st.text(max_size=60) | st.text("catdog's ’\r\n\tAΣé猫😀", max_size=60)


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def joined(tokenizer: Tokenizer, chunks: list[str]) -> list[int]:
    return [int(i) for ids in tokenizer.encode_chunks(chunks) for i in ids]


@every
@given(text=texts, places=st.lists(st.integers(0, 60), max_size=4))
@example(text="don't", places=[3, 4])
@example(text="a  \n b'", places=[1, 2, 3])
@example(text="1,000.5 of x-y", places=[1, 2, 5, 6, 12, 13])
@example(text="हिन्दी", places=[1, 2, 3, 4, 5])
def test_chunks_change_nothing(tokenizer: Tokenizer, text: str, places: list[int]) -> None:
    assert joined(tokenizer, cut(text, places)) == tokenizer.encode(text).tolist()


@every
@given(ids=st.lists(st.integers(0, 10**6), max_size=40))
def test_stream_gives_what_decode_gives(tokenizer: Tokenizer, ids: list[int]) -> None:
    ids = [i % tokenizer.vocab_size for i in ids]
    stream = tokenizer.stream()
    assert "".join(map(stream.push, ids)) + stream.finish() == tokenizer.decode(ids)


@every
def test_json_round_trip(tokenizer: Tokenizer) -> None:
    again = tokenizer_from_json(tokenizer.to_json())
    assert again.to_json() == tokenizer.to_json()
    assert again.vocab_size == tokenizer.vocab_size
    np.testing.assert_array_equal(again.encode(SAMPLE), tokenizer.encode(SAMPLE))


@every
def test_shape_of_the_ids(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(SAMPLE)
    assert ids.dtype == ids_dtype(tokenizer.vocab_size)
    assert ids.max() < tokenizer.vocab_size
    assert tokenizer.encode("").shape == (0,)
    assert tokenizer.decode([]) == ""
    assert all(tokenizer.token(i) for i in range(tokenizer.vocab_size))


@pytest.mark.parametrize("kind", ["char", "byte", "word", "bpe"])
@given(text=st.text(max_size=80))
def test_round_trip(kind: str, text: str) -> None:
    if kind == "bpe":  # nothing to learn from the text: all bytes are known
        tokenizer = TRAINED[-1]
    else:
        tokenizer = train_tokenizer([text], TextConfig(tokenizer=kind))
    assert tokenizer.decode(tokenizer.encode(text)) == text


@every
@pytest.mark.parametrize("wrong", [-1, 10**6])
def test_foreign_token_is_refused(tokenizer: Tokenizer, wrong: int) -> None:
    with pytest.raises(DataError, match=rf"token {wrong} is not in the vocabulary"):
        tokenizer.decode([0, wrong])
    with pytest.raises(DataError, match="not in the vocabulary"):
        tokenizer.stream().push(wrong)
    with pytest.raises(DataError, match="not in the vocabulary"):
        tokenizer.token(wrong)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a tokenizer of elman"),
        ("[]", "not a tokenizer of elman"),
        ("[" * 100_000, "not a tokenizer of elman"),
        ('{"format": 1}', "'name' is missing"),
        ('{"format": 2, "name": "char"}', "format 2 is not 1"),
        ('{"format": 1, "name": ["char"]}', "name must be a string"),
        ('{"format": 1, "name": "char", "lowercase": false}', "'characters' is missing"),
        ('{"format": 1, "name": "char", "lowercase": false, "characters": 3}', "damaged char"),
        ('{"format": 1, "name": "char", "lowercase": false, "characters": "aa"}', "twice"),
        ('{"format": 1, "name": "word", "lowercase": false, "words": "ab", "split": "x"}', "list"),
        ('{"format": 1, "name": "word", "lowercase": false, "words": [], "split": "x"}', "split"),
        (
            '{"format": 1, "name": "word", "lowercase": false, "words": ["a", "a"],'
            ' "split": "words"}',
            "twice",
        ),
    ],
)
def test_damaged_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        tokenizer_from_json(text)


def test_unknown_tokenizer_lists_available() -> None:
    with pytest.raises(UnknownName, match="did you mean 'char'"):
        tokenizer_from_json('{"format": 1, "name": "chars"}')
    assert list(TOKENIZERS) == ["char", "byte", "word", "bpe"]


@given(text=st.text(max_size=30), place=st.integers(0, 30))
def test_lower_case_does_not_look_at_neighbours(text: str, place: int) -> None:
    assert lower(text[:place]) + lower(text[place:]) == lower(text)


def test_lone_surrogates_become_replacement_characters() -> None:
    assert utf8("a\ud800b").decode() == "a\ufffdb"
    assert utf8("\ud83d\ude00").decode() == "😀"


def test_smallest_dtype() -> None:
    assert [ids_dtype(n).name for n in (2, 256, 257, 65536, 65537)] == [
        "uint8", "uint8", "uint16", "uint16", "uint32",
    ]  # fmt: skip
    assert check_ids(3, 4).tolist() == [3]
