"""Tokens as text that comes piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
import torch

from elman.data.config import TextConfig
from elman.data.tokenizer import ByteTokenizer, WordTokenizer
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.models.sampler import Sampler
from elman.tasks.language_model.continuation import (
    continuation,
    decoded,
    never,
    until,
    written_sample,
)


@pytest.fixture
def model() -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(256, LanguageModelConfig(hidden_size=5, num_layers=1))


@pytest.mark.parametrize("text", ["naïve", "日本", "", "a🙂b"])
def test_characters_come_whole(text: str) -> None:
    pieces = list(decoded(iter(text.encode()), ByteTokenizer()))
    assert pieces == list(text)


def test_a_character_that_is_never_finished_is_shown_as_broken() -> None:
    assert "".join(decoded(iter("aé".encode()[:-1]), ByteTokenizer())) == "a\ufffd"


def test_text_is_given_as_soon_as_it_is_there() -> None:
    taken: list[int] = []

    def tokens() -> Iterator[int]:
        for token in b"abc":
            taken.append(token)
            yield token

    pieces = decoded(tokens(), ByteTokenizer())
    assert next(pieces) == "a" and taken == [ord("a")]


@pytest.mark.parametrize(
    ("pieces", "stop", "expected"),
    [
        (["a", "b", "c"], "b", "a"),
        (["ab", "cd"], "bc", "a"),
        (["a", "a", "b"], "ab", "a"),
        (["aab", "aac"], "aac", "aab"),
        (["x", "y"], "z", "xy"),
        (["ab"], "abc", "ab"),
    ],
)
def test_until_ends_at_the_text_wherever_pieces_break(
    pieces: list[str], stop: str, expected: str
) -> None:
    assert "".join(until(iter(pieces), stop)) == expected


def test_until_asks_for_nothing_behind_the_end() -> None:
    def pieces() -> Iterator[str]:
        yield from "ab."
        raise AssertionError("asked for more")

    assert "".join(until(pieces(), ".")) == "ab"


def test_an_unknown_word_is_never_written(model: LanguageModel) -> None:
    words = WordTokenizer.train(["a b c a b c"], TextConfig(tokenizer="word"))
    assert never(words) == (words.unk_id,)
    assert never(ByteTokenizer()) == ()


def test_a_continuation_repeats_with_its_seed(model: LanguageModel) -> None:
    texts = [
        list(continuation(model, ByteTokenizer(), "the ", Sampler(0.8, seed=seed), 20))
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]
    endless = continuation(model, ByteTokenizer(), "", Sampler(0.8, seed=1))
    assert len(list(islice(endless, 300))) == 300


def test_a_sample_begins_with_its_prompt_and_is_the_same_each_time(model: LanguageModel) -> None:
    sample = written_sample(model, ByteTokenizer(), "the ")
    assert sample.startswith("the ") and len(sample) > 50
    assert sample == written_sample(model, ByteTokenizer(), "the ")
