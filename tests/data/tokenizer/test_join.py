from __future__ import annotations

import pytest

from elman.data.tokenizer.join import Joiner, PlainJoiner, SpaceJoiner


def joined(joiner: Joiner, words: list[str]) -> str:
    return "".join(map(joiner.push, words))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["a", ",", "b", "."], "a, b."),
        (["(", "a", ")", "[", "b", "]"], "(a) [b]"),
        (['"', "a", '"', "b", '"', "c", '"', "."], '"a" b "c".'),
        (["a", "\n", "b", "\n", "\n", "c"], "a\nb\n\nc"),
        (['"', "a", "\n", '"', "b", '"'], '"a\n"b"'),
        (["猫", "と", "犬", "。", "cat"], "猫と犬。 cat"),
        (["a", "-", "b"], "a - b"),
    ],
)
def test_plain_text_has_spaces_where_people_put_them(words: list[str], text: str) -> None:
    assert joined(PlainJoiner(), words) == text


def test_spaces_stand_between_words_alone() -> None:
    assert joined(SpaceJoiner(), ["\n", "a", ",", "\n", "b"]) == "\na ,\nb"
