from __future__ import annotations

import pytest

from elman._errors import DataError
from elman.data.config import TextConfig
from elman.data.tokenizer import ByteTokenizer, WordTokenizer
from elman.tasks.language_model.prompt import prompt_ids


def test_an_empty_prompt_is_the_start_of_a_line() -> None:
    assert prompt_ids(ByteTokenizer(), "") == prompt_ids(ByteTokenizer(), "\n")


def test_a_prompt_of_nothing_is_refused() -> None:
    config = TextConfig(tokenizer="word", word_split="spaces")
    tokenizer = WordTokenizer.train(["a b c a b c"], config)
    with pytest.raises(DataError, match="no token of the model's vocabulary"):
        prompt_ids(tokenizer, "   ")
