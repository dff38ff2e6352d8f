from __future__ import annotations

import itertools

import pytest
import torch

from elman.data.tokenizer import ByteTokenizer, CharTokenizer
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.tasks.language_model import next_word
from elman.tasks.language_model.next_word import next_words, trailing_word
from elman.tasks.language_model.task import LanguageModelRun

SIGNS = "ab ."


@pytest.fixture
def model() -> LanguageModel:
    torch.manual_seed(1)
    config = LanguageModelConfig(hidden_size=6, num_layers=1, embedding_size=4, dropout=0.0)
    model = LanguageModel(CharTokenizer(SIGNS).vocab_size, config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)  # sharp, so that words differ
    return model


def enumerated(model: LanguageModel, prompt: str, longest: int) -> dict[str, float]:
    """The probability of each short word after a space, by trying them all."""
    tokenizer = CharTokenizer(SIGNS)

    def probability(text: str) -> float:
        ids = torch.from_numpy(tokenizer.encode(prompt + text).astype("int64"))
        with torch.no_grad():
            logits, _ = model(ids.unsqueeze(0))
        logp = logits[0].log_softmax(-1)
        begin = len(prompt)
        return sum(float(logp[i - 1, ids[i]]) for i in range(begin, len(ids)))

    result = {}
    for n in range(1, longest + 1):
        for letters in itertools.product("ab", repeat=n):
            word = "".join(letters)
            ends = [torch.tensor(probability(word + end)) for end in " ."]
            result[word] = float(torch.stack(ends).exp().sum())
    return result


def test_words_have_their_enumerated_probability(model: LanguageModel) -> None:
    # The search also finds a word behind more spaces, so it may find more, never less.
    expected = enumerated(model, "ab ", 4)
    found = dict(next_words(model, CharTokenizer(SIGNS), "ab ", 200))
    for word, probability in expected.items():
        if probability > 1e-3:
            assert found[word] >= probability * 0.99


def test_probabilities_do_not_exceed_one(model: LanguageModel) -> None:
    words = next_words(model, CharTokenizer(SIGNS), "ab ", 500)
    assert 0.5 < sum(word.probability for word in words) <= 1 + 1e-5
    assert [w.probability for w in words] == sorted((w.probability for w in words), reverse=True)


def test_search_is_the_same_whatever_its_width(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = next_words(model, CharTokenizer(SIGNS), "ab ", 5)
    monkeypatch.setattr(next_word, "WIDTH", 1)
    narrow = next_words(model, CharTokenizer(SIGNS), "ab ", 5)
    assert [w.text for w in wide][:3] == [w.text for w in narrow][:3]


def test_a_learned_text_is_continued(trained: LanguageModelRun) -> None:
    words = next_words(trained.model, trained.tokenizer, "the cat sat on the", 3)
    assert {word.text for word in words} <= {"mat", "log", "cat", "dog"}
    assert {"mat", "log"} & {word.text for word in words[:2]}


def test_an_unfinished_word_is_completed_whole(trained: LanguageModelRun) -> None:
    words = next_words(trained.model, trained.tokenizer, "the cat sat on the m", 2)
    assert words[0].text == "mat"


def test_letters_of_several_bytes_are_told_apart() -> None:
    torch.manual_seed(0)
    model = LanguageModel(256, LanguageModelConfig(hidden_size=4, num_layers=1)).eval()
    with torch.no_grad():
        model.head.bias.fill_(-30)
        for byte in (0xC3, 0xA9, 0xA8, 0x20):  # the bytes of é and è, and a space
            model.head.bias[byte] = 0
    words = [word.text for word in next_words(model, ByteTokenizer(), "a ", 60)]
    assert {"é", "è"} <= set(words)


def test_an_empty_prompt_is_a_line_start(trained: LanguageModelRun) -> None:
    assert len(next_words(trained.model, trained.tokenizer, "", 3)) == 3


@pytest.mark.parametrize(
    ("text", "word"), [("a cat", "cat"), ("a cat ", ""), ("don't", "don't"), ("", ""), ("(x", "x")]
)
def test_trailing_word(text: str, word: str) -> None:
    assert trailing_word(text) == word
