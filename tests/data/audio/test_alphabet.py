"""Letters and their numbers; strangers are named."""

from __future__ import annotations

import pytest

from elman._errors import DataError, RunError
from elman.data.audio.alphabet import Alphabet, normal_text, strangers


def test_there_and_back() -> None:
    alphabet = Alphabet.learn(["so it is", "no"])
    assert alphabet.letters == (" ", "i", "n", "o", "s", "t") and len(alphabet) == 6
    assert alphabet.decode(alphabet.encode("it is so")) == "it is so"
    assert 0 not in alphabet.encode("so it is")  # that is the blank
    assert Alphabet.from_json(alphabet.to_json()).letters == alphabet.letters
    assert (alphabet.number("i"), alphabet.number("z")) == (2, None)


def test_texts_are_composed_and_spaced_alike() -> None:
    assert normal_text(" E\u0301te\u0301 \n ICI ", lowercase=True) == "été ici"
    assert normal_text("ICI", lowercase=False) == "ICI"


def test_strangers_are_named_with_their_places() -> None:
    alphabet = Alphabet("ab ")
    strangers([("one", "ab"), ("two", "b a")], alphabet, "")
    texts = [(f"line {k}", "aж" if k % 2 else "ab\u200b") for k in range(8)]
    with pytest.raises(DataError) as error:
        strangers(texts, alphabet, "Clean them.")
    message = str(error.value)
    assert "8 transcripts have letters outside the alphabet" in message
    assert "'ж', U+200B. " in message and "Clean them." in message
    assert "line 4" in message and "... and 3 more" in message
    with pytest.raises(DataError, match="'c', which is not in the alphabet"):
        alphabet.encode("abc")


@pytest.mark.parametrize(
    "text", ["{}", "[]", "no", '{"letters": "ab"}', '{"letters": [1]}', '{"letters": ["ab"]}']
)
def test_a_damaged_alphabet_is_refused(text: str) -> None:
    with pytest.raises((RunError, DataError)):
        Alphabet.from_json(text)
    with pytest.raises(DataError, match="an alphabet"):
        Alphabet("aa")
