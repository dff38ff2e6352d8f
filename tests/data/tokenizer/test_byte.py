from __future__ import annotations

from elman.data.config import TextConfig
from elman.data.tokenizer import ByteTokenizer


def test_ids_are_utf8() -> None:
    tokenizer = ByteTokenizer()
    assert tokenizer.encode("a\r\n😀").tolist() == list("a\r\n😀".encode())
    assert tokenizer.vocab_size == 256
    assert tokenizer.unk_id is None


def test_stream_waits_for_the_whole_character() -> None:
    stream = ByteTokenizer().stream()
    assert [stream.push(i) for i in "é😀".encode()] == ["", "é", "", "", "", "😀"]
    assert stream.finish() == ""


def test_unfinished_character_is_shown_at_the_end_only() -> None:
    stream = ByteTokenizer().stream()
    assert stream.push(0xE2) == ""
    assert stream.finish() == "\ufffd"


def test_tokens_shown() -> None:
    assert ByteTokenizer().token(65) == "A"
    assert ByteTokenizer().token(200) == r"\xc8"


def test_lower_case() -> None:
    tokenizer = ByteTokenizer.train([], TextConfig(tokenizer="byte", lowercase=True))
    assert tokenizer.decode(tokenizer.encode("ÀB")) == "àb"
