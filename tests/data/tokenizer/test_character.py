from __future__ import annotations

import json
import time

from hypothesis import given
from hypothesis import strategies as st

from elman.data.config import TextConfig
from elman.data.tokenizer import CharTokenizer

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=50)


@given(text=anything)
def test_round_trip_with_surrogates(text: str) -> None:
    tokenizer = CharTokenizer.train([text], TextConfig())
    assert tokenizer.decode(tokenizer.encode(text)) == text
    again = CharTokenizer.from_dict(json.loads(tokenizer.to_json()))
    assert again.encode(text).tolist() == tokenizer.encode(text).tolist()


def test_ids_go_by_code_point_after_unk() -> None:
    tokenizer = CharTokenizer.train(["cab", "\n"], TextConfig())
    assert tokenizer.encode("\nabcx").tolist() == [1, 2, 3, 4, 0]
    assert tokenizer.decode([0]) == "\ufffd"
    assert tokenizer.token(0) == "<unk>"
    assert tokenizer.vocab_size == 5


def test_rare_characters_are_unknown() -> None:
    assert CharTokenizer.train(["aab"], TextConfig(min_count=2)).encode("ab").tolist() == [1, 0]
    kept = CharTokenizer.train(["abbccc"], TextConfig(vocab_size=3))
    assert kept.encode("abc").tolist() == [0, 1, 2]


def test_lower_case() -> None:
    tokenizer = CharTokenizer.train(["ABab"], TextConfig(lowercase=True))
    assert tokenizer.vocab_size == 3
    assert tokenizer.decode(tokenizer.encode("aBA")) == "aba"


def test_encodes_20_megabytes_a_second() -> None:
    text = "The quick brown fox jumps over the lazy dog.\n" * 100_000
    tokenizer = CharTokenizer.train([text], TextConfig())
    seconds = []
    for _ in range(5):
        begin = time.perf_counter()
        tokenizer.encode(text)
        seconds.append(time.perf_counter() - begin)
    assert len(text) / min(seconds) > 20e6
