"""A sentence's words are the same tokens at its beginning as anywhere."""

from __future__ import annotations

import pytest

from elman.data.config import TokenizerConfig
from elman.data.sentence import learn_tokenizer, sentence_ids, sentence_text, source_words

SENTENCES = ["the dog barks.", "a cat sees the dog", "dog and cat"] * 5
KINDS = [
    TokenizerConfig(tokenizer="char"),
    TokenizerConfig(tokenizer="byte"),
    TokenizerConfig(tokenizer="word"),
    TokenizerConfig(tokenizer="word", word_split="spaces"),
    TokenizerConfig(tokenizer="bpe", vocab_size=280),
]
each = pytest.mark.parametrize("config", KINDS, ids=lambda c: f"{c.tokenizer}-{c.word_split}")


@each
def test_text_comes_back(config: TokenizerConfig) -> None:
    tokenizer = learn_tokenizer(SENTENCES, config)
    for sentence in SENTENCES[:3]:
        assert sentence_text(tokenizer, sentence_ids(tokenizer, sentence)) == sentence
    assert len(sentence_ids(tokenizer, "")) <= 1


@pytest.mark.parametrize("config", KINDS[2:], ids=lambda c: f"{c.tokenizer}-{c.word_split}")
def test_the_first_word_is_no_other_token(config: TokenizerConfig) -> None:
    tokenizer = learn_tokenizer(SENTENCES, config)
    first, last = sentence_ids(tokenizer, "dog"), sentence_ids(tokenizer, "cat dog")
    assert last.tolist()[-len(first) :] == first.tolist()


@each
def test_a_word_for_each_token_of_the_source(config: TokenizerConfig) -> None:
    tokenizer = learn_tokenizer(SENTENCES, config)
    sentence = "the dog sees Ümit"
    words = source_words(tokenizer, sentence)
    assert len(words) == len(sentence_ids(tokenizer, sentence))
    if config.tokenizer != "byte":  # a byte of a longer character is shown by its number
        assert list(dict.fromkeys(words))[:3] == ["the", "dog", "sees"]
    if config.tokenizer == "word":
        assert words == ["the", "dog", "sees", "Ümit"]
