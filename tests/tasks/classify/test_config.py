from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.tasks.classify.config import ClassifyTask


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"data": "a", "train": {"balanced": True, "class_weights": {"a": 2}}}, "give one of them"),
        ({"data": "a", "train": {"class_weights": {"a": 0}}}, "expected more than 0, got 0"),
        ({"data": "a", "train": {"tbptt_length": 9}}, "unknown key 'train.tbptt_length'"),
        ({"data": "a", "model": {"poling": "max"}}, "did you mean 'pooling'"),
        ({"data": "a", "columns": {"texts": "a"}}, "did you mean 'text'"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(ClassifyTask, None, values)


def test_toml_round_trip(tmp_path: Path) -> None:
    values = {
        "data": "a.csv",
        "columns": {"text": ["a", "b c"], "label": "d"},
        "text": {"tokenizer": "char", "max_length": 100},
        "train": {"class_weights": {"so so": 2.5}},
    }
    task = load_config(ClassifyTask, None, values)
    (tmp_path / "c.toml").write_text(to_toml(task))
    assert load_config(ClassifyTask, tmp_path / "c.toml") == task
