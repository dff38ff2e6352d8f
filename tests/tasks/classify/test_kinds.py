"""The kind of input is told from the data, and what it does not know is refused."""

from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.tasks.classify.config import TABLES, ClassifyTask
from elman.tasks.classify.kinds import KINDS, settled


def test_every_table_has_a_kind_that_reads_it() -> None:
    assert set(TABLES.values()) <= set(KINDS)
    assert set(TABLES) <= set(ClassifyTask.model_fields)


@pytest.mark.parametrize("table", [table for table, kind in TABLES.items() if kind != "text"])
def test_a_table_of_another_kind_is_refused(table: str) -> None:
    task = load_config(ClassifyTask, None, {"data": "names", "input": "text", table: {}})
    with pytest.raises(ConfigError, match=f"{table}: has no effect on texts"):
        settled(task)
