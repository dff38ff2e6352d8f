"""The kind of data is told from its files; what it does not know is refused."""

from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.tasks.tag.config import TABLES, WORDS_ALONE, TagTask
from elman.tasks.tag.kinds import KINDS, kind_of, settled


def test_every_table_has_a_kind_that_reads_it() -> None:
    assert set(TABLES.values()) <= {"text", *KINDS}
    assert set(TABLES) <= set(TagTask.model_fields)
    assert set(WORDS_ALONE) <= set(type(TagTask().model).model_fields)


def test_sentences_are_what_no_other_kind_recognises() -> None:
    assert settled(load_config(TagTask, None, {"data": "a.conll"})).input == "text"


@pytest.mark.parametrize("table", [table for table, kind in TABLES.items() if kind != "text"])
def test_a_table_of_another_kind_is_refused(table: str) -> None:
    task = load_config(TagTask, None, {"data": "a.conll", "input": "text", table: {}})
    with pytest.raises(ConfigError, match=f"{table}: has no effect on sentences"):
        settled(task)


@pytest.mark.parametrize("name", KINDS)
def test_keys_of_words_are_refused_elsewhere(name: str) -> None:
    assert kind_of(name).name == name
    values = {"data": "a", "input": name, "model": {"word_size": 7}}
    with pytest.raises(ConfigError, match="model.word_size: has no effect on"):
        settled(load_config(TagTask, None, values))
