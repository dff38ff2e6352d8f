from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.config import TextConfig
from elman.data.tokenizer import WordTokenizer
from elman.data.tokenizer.word import PATTERNS, count_words, cut_chunks, settled

SPACES = TextConfig(tokenizer="word", word_split="spaces")


def words(text: str, split: str = "words") -> list[str]:
    return [word for some in cut_chunks([text], split, False) for word in some]


def test_words_and_marks_keep_their_space() -> None:
    assert words("It's 'a' dog, see?\n\t2.") == [
        "It's", " '", "a", "'", " dog", ",", " see", "?", "\n", "\t", "2", ".",
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_cutting_loses_nothing(text: str) -> None:
    assert "".join(words(text)) == text


@given(st.text(max_size=200))
def test_spaces_are_split_as_published(text: str) -> None:
    # str.split knows the same white space as the pattern, line by line.
    lines = text.split("\n")
    expected = lines[0].split()
    for line in lines[1:]:
        expected += ["\n", *line.split()]
    assert words(text, "spaces") == expected


def test_plain_words_are_the_same_wherever_they_stand() -> None:
    assert words("The dog's T-shirt, and  the dog--3,000.5 of 5.\n", "plain") == [
        "The", "dog's", "T-shirt", ",", "and", "the", "dog", "-", "-", "3,000.5", "of", "5", ".",
    ]  # fmt: skip
    assert words("iPhone手机です हिन्दी भाषा 😀😀", "plain") == [
        "iPhone", "手", "机", "で", "す", "हिन्दी", "भाषा", "😀", "😀",
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_plain_loses_nothing_but_white_space(text: str) -> None:
    assert "".join(words(text, "plain")) == "".join(c for c in text if not c.isspace())


@pytest.mark.parametrize(
    "text",
    [
        "The cat's T-shirt, red (or so), costs 3.50!",
        'He said "no", then "yes".',
        "日本の猫、 A cat。",
        "A [b] {c} “d” 50%…",
    ],
)
def test_plain_decodes_as_people_write(text: str) -> None:
    tokenizer = WordTokenizer.train([text], TextConfig(tokenizer="word", word_split="plain"))
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(st.text("aA İΣß'-. 3,猫", max_size=30))
def test_cut_gives_one_word_for_each_id(text: str) -> None:
    for split in PATTERNS:
        for lowercase in (False, True):
            tokenizer = WordTokenizer(["a"], split, lowercase)
            assert len(tokenizer.cut(text)) == len(tokenizer.encode(text))


def test_penn_treebank_counts() -> None:
    text = " no it was n't black monday \n but <unk> the N stock exchange \n"
    tokenizer = WordTokenizer.train([text], SPACES)
    ids = tokenizer.encode(text)
    assert len(ids) == 6 + 1 + 6 + 1  # words and one end of each line
    assert (ids == tokenizer.unk_id).sum() == 1
    assert (ids == tokenizer.eol_id).sum() == 2
    assert tokenizer.vocab_size == 13  # 11 words, <unk>, <eol>
    assert tokenizer.decode(ids) == ("no it was n't black monday\nbut <unk> the N stock exchange\n")


def test_frequent_words_are_kept_ties_by_alphabet() -> None:
    config = TextConfig(tokenizer="word", word_split="spaces", vocab_size=4)
    tokenizer = WordTokenizer.train(["b b d c a c"], config)
    assert [tokenizer.token(i) for i in range(4)] == ["<unk>", "<eol>", "b", "c"]
    rare = TextConfig(tokenizer="word", word_split="spaces", min_count=2)
    assert WordTokenizer.train(["b b d c a c"], rare).vocab_size == 4


def test_stream_puts_spaces_between_words() -> None:
    tokenizer = WordTokenizer(["a", "b"], "spaces")
    stream = tokenizer.stream()
    assert [stream.push(i) for i in (2, 3, 1, 3, 0)] == ["a", " b", "\n", "b", " <unk>"]


def test_long_words_are_cut() -> None:
    assert list(map(len, words("x" * 150))) == [64, 64, 22]
    assert list(map(len, words("x" * 600, "spaces"))) == [256, 256, 88]


def test_counting_drops_the_rare_when_full() -> None:
    counts = count_words(([f"w{i}", "often"] for i in range(100)), most=10)
    assert len(counts) <= 11
    assert counts["often"] == 100


@pytest.mark.parametrize("split", list(PATTERNS))
@pytest.mark.parametrize("character", ["x", " ", "'", "\t", "3", "-", "ि", "猫"])
def test_what_waits_for_the_next_chunk_is_short(split: str, character: str) -> None:
    text = "a b" + character * 20_000
    assert len(text) - settled(PATTERNS[split], text) <= (257 if split != "plain" else 700)
