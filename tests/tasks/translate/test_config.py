from __future__ import annotations

from typing import Any

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.tasks.translate.config import (
    TranslateEval,
    TranslatePredict,
    TranslateTask,
    TranslateTrainConfig,
)


def task(**values: object) -> TranslateTask:
    return load_config(TranslateTask, None, {"data": "a.tsv", **values})


def test_the_target_is_cut_as_the_source_unless_it_has_a_table() -> None:
    assert task(text={"tokenizer": "char"}).target_text.tokenizer == "char"
    both = task(text={"tokenizer": "char"}, target_text={"word_split": "spaces"})
    assert both.target_text.tokenizer == "word" and both.text.tokenizer == "char"


def test_what_is_saved_is_read_again() -> None:
    before = task(text={"tokenizer": "bpe", "vocab_size": 300}, target="b.en")
    import tomllib

    assert load_config(TranslateTask, None, tomllib.loads(to_toml(before))) == before


WRONG: list[tuple[dict[str, object], str]] = [
    (
        {"pairs": {"shared_vocabulary": True}, "target_text": {"tokenizer": "char"}},
        "both sides must be cut alike",
    ),
    ({"model": {"share_embeddings": True}}, "needs pairs.shared_vocabulary"),
    ({"target": "b.en", "pairs": {"valid": "v.de"}}, "give pairs.valid_target exactly where"),
    ({"pairs": {"test": "t", "test_target": "u"}}, "pairs.test must be as the training data"),
]


@pytest.mark.parametrize(("values", "message"), WRONG)
def test_what_does_not_fit_together_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        task(**values)


def test_without_data_it_is_the_lexicon() -> None:
    assert load_config(TranslateTask, None, {}).data == "lexicon"


def test_forcing_falls_evenly_and_stays() -> None:
    assert TranslateTrainConfig().forced(100) == 1.0
    config = TranslateTrainConfig(teacher_forcing=0.5, forcing_epochs=2)
    assert [config.forced(epoch) for epoch in (0, 1, 2, 3)] == [1.0, 0.75, 0.5, 0.5]


def test_decoding_options_have_an_effect() -> None:
    with pytest.raises(
        ConfigError, match="the 5 best cannot be found with a beam of 2; give --beam"
    ):
        load_config(TranslatePredict, None, {"beam": 2, "nbest": 5})
    with pytest.raises(ConfigError, match="length_penalty chooses among .* give beam > 1"):
        load_config(TranslateEval, None, {"length_penalty": 1.0})
    assert load_config(TranslateEval, None, {"length_penalty": 1.0, "beam": 5}).beam == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"target": "b", "pairs": {"source_column": "2"}}, "two files have no columns"),
        ({"train": {"forcing_epochs": 3}}, "forcing_epochs has no effect"),
    ],
)
def test_what_would_be_ignored_is_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(TranslateTask, None, {"data": "a", **content})
