"""Kinds of input: found by name, chosen by the data, and what they do not know is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman._config import Config
from elman._errors import ConfigError
from elman.tasks.classify.text import TextKind
from elman.tasks.kind import Sets, chosen, find_kind, unused


class Table(Config):
    size: int = 3


class Task(Config):
    data: str = "a.csv"
    input: str = "auto"
    text: Table | None = None
    dna: Table | None = None


class Text:
    noun = "texts"


class Dna:
    noun = "sequences"

    @staticmethod
    def recognises(data: str) -> bool:
        return data.endswith(".fasta")


KINDS: dict[str, Any] = {"text": Text, "dna": Dna}
TABLES = {"text": "text", "dna": "dna"}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "text"),
        ({"data": "a.fasta"}, "dna"),
        ({"data": "a.fasta", "input": "text"}, "text"),
        ({"data": "a.fasta", "dna": Table()}, "dna"),
    ],
)
def test_a_kind_is_told_by_the_data_or_said(values: dict[str, Any], name: str) -> None:
    assert chosen(Task(**values), KINDS, KINDS.__getitem__, TABLES, "texts") == name


def test_a_table_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="dna: has no effect on texts.*--input dna"):
        chosen(Task(dna=Table()), KINDS, KINDS.__getitem__, TABLES, "texts")
    with pytest.raises(ConfigError, match="text: has no effect on sequences"):
        chosen(Task(data="a.fasta", text=Table()), KINDS, KINDS.__getitem__, TABLES, "texts")


def test_a_key_of_the_model_without_effect_is_refused() -> None:
    unused(Table(), ["size"], "clips")
    with pytest.raises(ConfigError, match=r"model\.size: has no effect on clips"):
        unused(Table(size=4), ["size"], "clips")


def test_a_class_is_found_by_its_home() -> None:
    assert find_kind("elman.tasks.classify", "text.TextKind") is TextKind


def test_part_by_name() -> None:
    sets = Sets(("a", "b"), np.zeros(3), np.zeros(1), np.zeros(2), "f")
    assert [len(sets.part(name)) for name in ("train", "valid", "test")] == [3, 1, 2]
