"""The command of a task has the keys of its configuration as flags."""

import inspect
from pathlib import Path

import pytest

from elman._config import table_of
from elman.cli import task_command as module
from elman.cli.task_command import next_free, task_command
from elman.tasks.registry import TASKS


@pytest.mark.parametrize("name", list(TASKS))
def test_every_key_is_a_flag_and_every_flag_is_described(name: str) -> None:
    command, config = task_command(name), TASKS[name].config
    keys = set(inspect.signature(command).parameters)
    assert keys == set(config.model_fields) - {"task"} | {"config", "out"}
    tables = {
        key for key, field in config.model_fields.items() if table_of(field.annotation) is not None
    }
    for key in keys - tables:
        assert f"    {key}: " in (command.__doc__ or "")


def test_only_tasks_are_commands() -> None:
    assert callable(getattr(module, "language-model"))
    with pytest.raises(AttributeError, match="no attribute 'sing'"):
        module.sing  # noqa: B018


def test_next_free_counts_on(tmp_path: Path) -> None:
    (tmp_path / "demo-1").mkdir()
    assert next_free(tmp_path, "demo") == tmp_path / "demo-2"
