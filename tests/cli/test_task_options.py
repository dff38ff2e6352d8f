"""Options of single tasks are flags of the common command, and refused by other tasks."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from elman._config import Config
from elman._errors import ConfigError
from elman._registry import Registry
from elman._run import RunDirectory
from elman.cli import task_options
from elman.cli.task_options import described, read_options, with_task_options


class Sing(Config):
    key: str = "C"
    """The key."""
    loud: bool = False
    """Whether it is loud."""


class Dance(Config):
    key: int = Field(default=1, ge=1)
    """How many."""


class Home:
    def __init__(self, options: Any) -> None:
        self._options = options

    def options(self, command: str) -> Any:
        return self._options if command == "perform" else None


@pytest.fixture(autouse=True)
def two_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: Registry[Any] = Registry("task")
    tasks.register("sing", Home(Sing))
    tasks.register("dance", Home(Dance))
    tasks.register("sit", Home(None))
    monkeypatch.setattr(task_options, "TASKS", tasks)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> Path:
    monkeypatch.setattr(task_options, "task_of", lambda path: request.param)
    return RunDirectory.create(tmp_path / "run", {}).path


def test_a_command_has_the_flags_of_all_tasks() -> None:
    seen: list[Any] = []

    @with_task_options("perform")
    def perform(run: str, /, *, file: str | None = None, options: Any) -> None:
        """Perform."""
        seen.append((run, file, options))

    assert list(inspect.signature(perform).parameters) == ["run", "file", "key", "loud"]
    assert inspect.getdoc(perform) == "Perform."
    perform("here", file="f", loud=True, key=None)
    assert seen == [("here", "f", {"loud": True})]


@pytest.mark.parametrize("run", ["sing"], indirect=True)
def test_options_of_the_task_are_read(run: Path) -> None:
    assert read_options("perform", run, {"loud": True}) == Sing(loud=True)


@pytest.mark.parametrize("run", ["dance"], indirect=True)
def test_a_value_is_checked_by_its_own_task(run: Path) -> None:
    assert read_options("perform", run, {"key": "3"}) == Dance(key=3)
    with pytest.raises(ConfigError, match="'key' = '0'"):
        read_options("perform", run, {"key": "0"})


@pytest.mark.parametrize("run", ["dance", "sit"], indirect=True)
def test_an_option_of_another_task_is_refused(run: Path) -> None:
    with pytest.raises(ConfigError, match="--loud is for sing; .* is a run of"):
        read_options("perform", run, {"loud": True})
    if task_options.task_of(run) == "sit":
        assert read_options("perform", run, {}) is None


def test_an_option_that_differs_is_told_for_each_task() -> None:
    assert described({"The key.": ["sing", "hum"]}) == "The key."
    told = described({"The key.": ["sing", "hum"], "How many.": ["dance"]})
    assert told == "sing, hum: The key; dance: How many."
