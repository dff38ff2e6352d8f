from __future__ import annotations

import itertools
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import ConfigError, DataError
from elman.data.config import TextConfig
from elman.data.tokenizer import BPETokenizer, tokenizer_from_json
from elman.data.tokenizer.bpe import PIECE, byte_alphabet, no_panic, pieces_of, spread

CONFIG = TextConfig(tokenizer="bpe", vocab_size=280)
TEXT = "the cat and the dog and the 猫\r\n" * 50
TOKENIZER = BPETokenizer.train([TEXT], CONFIG)


def test_frequent_words_become_one_token() -> None:
    assert 256 < TOKENIZER.vocab_size <= 280
    assert [TOKENIZER.token(i) for i in TOKENIZER.encode("the and the")] == ["the", " and", " the"]


def test_equal_to_the_library() -> None:
    import tokenizers

    engine = tokenizers.Tokenizer.from_str(TOKENIZER._engine.to_str())
    engine.decoder = tokenizers.decoders.ByteLevel()
    ids = engine.encode(TEXT + "é😀").ids
    assert TOKENIZER.encode(TEXT + "é😀").tolist() == ids
    assert TOKENIZER.decode(ids) == engine.decode(ids) == TEXT + "é😀"


def test_training_is_deterministic() -> None:
    assert BPETokenizer.train([TEXT[:70], TEXT[70:]], CONFIG).to_json() == TOKENIZER.to_json()


def test_stream_waits_for_the_whole_character() -> None:
    stream = TOKENIZER.stream()
    pushed = [stream.push(i) for i in TOKENIZER.encode("😀")]
    assert pushed == ["", "", "", "😀"]


def test_byte_alphabet_is_the_library_s() -> None:
    import tokenizers

    assert set(byte_alphabet().values()) == set(tokenizers.pre_tokenizers.ByteLevel.alphabet())


def test_a_long_line_without_space_is_cut() -> None:
    pieces = list(pieces_of(["x" * 100_000, "y" * 100_000]))
    assert max(map(len, pieces)) == PIECE
    assert "".join(pieces) == "x" * 100_000 + "y" * 100_000
    text = ("word " * 30_000) + "z" * 70_000
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


@given(st.lists(st.text("ab \n", max_size=50), max_size=8))
def test_cuts_do_not_depend_on_chunks(chunks: list[str]) -> None:
    big = [chunk * 3000 for chunk in chunks]
    pieces = list(pieces_of(big))
    assert pieces == list(pieces_of(["".join(big)]))
    for before, after in itertools.pairwise(pieces):
        crosses = not before[-1].isspace() and after[0].isspace()
        assert crosses or len(before) == PIECE


def test_sample_is_bounded_and_spread() -> None:
    kept = spread((str(i % 10) * 10 for i in range(1000)), most=500)
    assert 200 < sum(map(len, kept)) <= 500
    assert spread(["a", "b"], most=10) == ["a", "b"]


def damaged(**changes: object) -> str:
    return json.dumps(json.loads(TOKENIZER.to_json()) | changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (damaged(pieces=["a"]), "all 256 bytes"),
        (damaged(pieces="abc"), "list of strings"),
        (damaged(merges=[["a", 1]]), "pairs of strings"),
        (damaged(merges=[["a"]]), "damaged bpe"),
        (damaged(merges=[["a", "zzzz"]]), "names a piece that is not there"),
        (damaged(pieces=[*byte_alphabet().values(), "猫"], merges=[]), "not a byte"),
    ],
)
def test_crafted_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        tokenizer_from_json(text)


def test_panic_is_a_data_error() -> None:
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(DataError, match="cannot encode: index out of bounds"), no_panic("encode"):
        raise panic("index out of bounds")
    with pytest.raises(KeyboardInterrupt), no_panic("encode"):
        raise KeyboardInterrupt


def test_missing_library_says_how_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ConfigError, match=r"pip install 'elman\[text\]'"):
        BPETokenizer.train(["a"], CONFIG)
    assert TOKENIZER.decode([0])  # decoding needs no library
