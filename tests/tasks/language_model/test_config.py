from __future__ import annotations

import tomllib

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.tasks.language_model.config import LanguageModelTask


def test_defaults_are_a_whole_training() -> None:
    task = LanguageModelTask()
    assert task.data == "manual"
    assert task.train.minutes == 10


def test_toml_round_trip() -> None:
    overrides = {"model": {"adaptive_cutoffs": [10, 20]}, "train": {"betas": [0.8, 0.9]}}
    task = load_config(LanguageModelTask, None, overrides)
    assert load_config(LanguageModelTask, None, tomllib.loads(to_toml(task))) == task


def test_another_task_is_refused() -> None:
    with pytest.raises(ConfigError, match="'task' = 'paint'"):
        load_config(LanguageModelTask, None, {"task": "paint"})
