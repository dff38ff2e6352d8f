"""Training of a task that takes several kinds of input: started, resumed, its run's files."""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

import torch
from torch import nn

from elman._config import Config
from elman._run import RunDirectory
from elman.models.save import load_model
from elman.tasks.kind import InputKind, Sets
from elman.tasks.training import (
    CONFIG,
    MODEL,
    Progress,
    TaskConfig,
    TaskTraining,
    config_bytes,
    read_config,
    read_json,
    same_data,
)

__all__ = ["KindTraining", "Opened", "opened", "own_sets"]

LABELS, DATA = "labels.json", "data.json"
T = TypeVar("T", bound=TaskConfig)
K = TypeVar("K", bound=InputKind[Any, Any])
M = TypeVar("M", bound=nn.Module)


class KindTraining(TaskTraining[T], Generic[T, K, M]):
    """A training whose data, batches and network come from a kind of input.

    Attributes:
        config: The class of the configuration.
        kind: How the data is read.
        sets: The data.
        model: The network.
    """

    config: ClassVar[type[Config]]
    model: M

    def __init__(
        self, task: T, kind: K, sets: Sets, model: M, run: RunDirectory, *, resume: bool
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.kind, self.sets = kind, sets
        self.validates = len(sets.valid) > 0

    @classmethod
    @abstractmethod
    def kind_of(cls, name: str) -> type[K]:
        """Return the class of a kind."""

    @classmethod
    @abstractmethod
    def settled(cls, task: T) -> T:
        """Return the task with its kind chosen, and all that depends on it."""

    @classmethod
    def check(cls, task: T, sets: Sets) -> None:
        """Find out what cannot work before anything is written.

        Raises:
            ConfigError: If a key does not fit the data.
        """

    @classmethod
    def start(cls, task: T, out: Path, progress: Progress | None = None) -> Self:
        """Read the data and make a new run directory; if that fails, nothing is left behind."""
        task = cls.settled(task)  # what is chosen now stays so
        kind, sets = cls.kind_of(kind_name(task)).learn(task, progress)
        cls.check(task, sets)
        model = new_model(task, kind, len(sets.labels))
        files = {
            CONFIG: config_bytes(task),
            LABELS: json.dumps(sets.labels).encode(),
            DATA: json.dumps({"fingerprint": sets.fingerprint}).encode(),
            **kind.files(),
        }
        return cls(task, kind, sets, model, RunDirectory.create(out, files), resume=False)

    @classmethod
    def resumed(cls, path: Path, changes: dict[str, Any], progress: Progress | None = None) -> Self:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task: Any = read_config(run, cls.config, {"train": changes})
        kind = cls.kind_of(task.input).restored(task, run)
        sets = own_sets(run, task, kind, progress)
        return cls(task, kind, sets, new_model(task, kind, len(sets.labels)), run, resume=True)


class Opened(NamedTuple):
    """What a run directory of such a task holds."""

    directory: RunDirectory
    task: Any
    kind: Any
    labels: tuple[str, ...]
    model: Any


def opened(path: Path, training: type[KindTraining[Any, Any, Any]]) -> Opened:
    """Open a run directory, every file verified, the model as it predicts.

    Raises:
        RunError: If it is not a run, is damaged, or has no trained model yet.
    """
    run = RunDirectory.open(path)
    task: Any = read_config(run, training.config)
    names = read_json(run, LABELS, are_names)
    kind = training.kind_of(task.input).restored(task, run)
    model = new_model(task, kind, len(names))
    load_model(model, run.read(MODEL))
    return Opened(run, task, kind, tuple(names), model.eval())


def own_sets(run: RunDirectory, task: Any, kind: Any, progress: Progress | None) -> Sets:
    """Return the data that a run was started with.

    Raises:
        DataError: If any content or label is another.
    """
    sets: Sets = kind.sets(task, progress)
    about = read_json(run, DATA, lambda about: isinstance(about["fingerprint"], str))
    same_data(run, task.data, about["fingerprint"], sets.fingerprint)
    return sets


def new_model(task: Any, kind: Any, labels: int) -> Any:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    return kind.model(task, labels)


def kind_name(task: Any) -> str:
    """Return the kind of a settled task."""
    return str(task.input)


def are_names(names: Any) -> bool:
    """Say whether a run's file holds a list of names."""
    return isinstance(names, list) and all(isinstance(name, str) for name in names)
