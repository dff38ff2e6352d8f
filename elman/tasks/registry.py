"""Every task by name; nothing of a task is imported before it is asked for."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman._registry import Registry
from elman._run import RunDirectory

__all__ = ["TASKS", "TaskHome", "open_run", "task_of"]


@dataclass(frozen=True)
class TaskHome:
    """Where a task lives.

    Args:
        about: What it trains, in one sentence.
        module: Its module in `elman.tasks`.
        prefix: What its classes' names begin with: ``<prefix>Task`` (the configuration, in
            `config_module`), ``<prefix>Training`` and ``<prefix>Run``.
        config_module: The module of the configuration, which does not need torch. There may also
            be ``<prefix>Eval`` and ``<prefix>Predict``: options of those commands.
    """

    about: str
    module: str
    prefix: str
    config_module: str

    @property
    def config(self) -> Any:
        """The class of the configuration."""
        return self._find(self.config_module, "Task")

    @property
    def training(self) -> Any:
        """The class of the training."""
        return self._find(self.module, "Training")

    @property
    def run(self) -> Any:
        """The class of a trained run."""
        return self._find(self.module, "Run")

    def options(self, command: str) -> Any:
        """The configuration of what only this task knows of `eval` or `predict`, or None."""
        module = importlib.import_module(f"elman.tasks.{self.config_module}")
        return getattr(module, f"{self.prefix}{command.capitalize()}", None)

    def _find(self, module: str, suffix: str) -> Any:
        return getattr(importlib.import_module(f"elman.tasks.{module}"), self.prefix + suffix)


TASKS: Registry[TaskHome] = Registry("task")
TASKS.register(
    "language-model",
    TaskHome(
        "Train a network that predicts what comes next in a text, and so can write.",
        "language_model.task",
        "LanguageModel",
        "language_model.config",
    ),
)
TASKS.register(
    "classify",
    TaskHome(
        "Train a network that tells which class a sequence belongs to: text, DNA, signal, video.",
        "classify.task",
        "Classify",
        "classify.config",
    ),
)
TASKS.register(
    "tag",
    TaskHome(
        "Train a network that gives each step a tag: words of sentences, bases of DNA, rows.",
        "tag.task",
        "Tag",
        "tag.config",
    ),
)
TASKS.register(
    "translate",
    TaskHome(
        "Train a network that turns one sequence into another: languages, spelling to sound.",
        "translate.task",
        "Translate",
        "translate.config",
    ),
)
TASKS.register(
    "transcribe",
    TaskHome(
        "Train a network that writes down what is said: speech to text, by CTC.",
        "transcribe.task",
        "Transcribe",
        "transcribe.config",
    ),
)
TASKS.register(
    "forecast",
    TaskHome(
        "Train a network that says how time series go on: sales, loads, temperatures, counts.",
        "forecast.task",
        "Forecast",
        "forecast.config",
    ),
)
TASKS.register(
    "compose",
    TaskHome(
        "Train a network that writes music: chorales, songs, piano rolls.",
        "compose.task",
        "Compose",
        "compose.config",
    ),
)
TASKS.register(
    "regress",
    TaskHome(
        "Train a network that tells a number from a whole sequence.",
        "regress.task",
        "Regress",
        "regress.config",
    ),
)
TASKS.register(
    "caption",
    TaskHome(
        "Train a network that says in a sentence what is seen in a clip or a picture.",
        "caption.task",
        "Caption",
        "caption.config",
    ),
)


def task_of(path: Path) -> str:
    """Return the name of a run's task.

    Raises:
        RunError: If it is no run.
        UnknownName: If this version has no such task.
    """
    content = tomllib.loads(RunDirectory.open(path).read("config.toml").decode())
    name = str(content.get("task"))
    TASKS[name]  # an unknown one is an error here, with the known ones named
    return name


def open_run(path: Path) -> Any:
    """Open a trained run with the class of its task."""
    return TASKS[task_of(path)].run.open(path)
