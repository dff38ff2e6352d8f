"""What every task's training has in common: it runs, keeps its best model, and can go on later.

A task says where its batches come from and what their loss is; see `language_model/task.py`.
"""

from __future__ import annotations

import json
import os
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from torch import nn

from elman._config import Config, load_config, merged, to_toml
from elman._errors import BackendUnavailable, ConfigError, DataError, RunError
from elman._run import RunDirectory
from elman.models.save import model_bytes
from elman.train.checkpoint import CheckpointStore
from elman.train.config import TrainConfig
from elman.train.events import Event, Sampled, Started, Stopped, Validated
from elman.train.log import Units, in_nats
from elman.train.loop import fit
from elman.train.objective import Batch, BatchSource, Outcome, Scores

__all__ = [
    "CONFIG",
    "MODEL",
    "Progress",
    "TaskConfig",
    "TaskTraining",
    "absolute",
    "config_bytes",
    "read_config",
    "read_json",
    "same_data",
]

CONFIG, MODEL = "config.toml", "model.safetensors"
"""Files of every run directory."""

Progress = Callable[[int, int, str], None]
"""Called with the work done, the work in all, and what it is."""


class TaskConfig(Protocol):
    """What the configuration of every task has."""

    @property
    def task(self) -> str:
        """The task's name."""
        ...

    @property
    def train(self) -> TrainConfig:
        """The knobs of the training."""
        ...


T = TypeVar("T", bound=TaskConfig)
C = TypeVar("C", bound=Config)


class TaskTraining(ABC, Generic[T]):
    """A training that is ready to start, or to go on: data read, network built, folder made.

    Args:
        task: The configuration.
        model: The network; it learns in place.
        run: Where the best model is kept.
        resume: Whether the newest checkpoint is taken up.
    """

    validates: bool = True
    """Whether there is held-out data, so that `validate` is called."""
    samples: ClassVar[bool] = False
    """Whether the model can show what it has learned, so that `sample` is called."""

    def __init__(self, task: T, model: nn.Module, run: RunDirectory, *, resume: bool) -> None:
        self.task, self.model, self.run, self.resume = task, model, run, resume

    @classmethod
    @abstractmethod
    def start(cls, task: T, out: Path, progress: Progress | None = None) -> Self:
        """Read the data and make a new run directory; if that fails, nothing is left behind."""

    @classmethod
    @abstractmethod
    def resumed(cls, path: Path, changes: dict[str, Any], progress: Progress | None = None) -> Self:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""

    @abstractmethod
    def source(self) -> BatchSource:
        """Return the training part as batches."""

    @abstractmethod
    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""

    def validate(self) -> float | Scores:
        """Score the held-out part, lower is better."""
        raise NotImplementedError

    def sample(self) -> str:
        """Show what the model has learned so far."""
        raise NotImplementedError

    @abstractmethod
    def about(self) -> list[tuple[str, str]]:
        """Say in a few lines what is about to be trained, and on what: a word and its facts."""

    @abstractmethod
    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""

    @property
    def units(self) -> tuple[Units, Units]:
        """How a loss is written for people, of the training and of the held-out part."""
        return in_nats, in_nats

    def events(self) -> Iterator[Event]:
        """Train; the best model so far is written to the run directory before its event.

        Raises:
            ConfigError: If the configuration is refused; a run that learned nothing is removed.
        """
        try:
            yield from self._events()
        except (ConfigError, BackendUnavailable):
            if not self.resume and MODEL not in self.run:
                self.run.discard()
            raise

    def _events(self) -> Iterator[Event]:
        config = self.task.train
        usual = type(config).model_fields["patience"].default
        if not self.validates and config.patience == usual:  # nothing to wait on; nobody asked
            config = config.model_copy(update={"patience": None})
        for event in fit(
            self.model,
            self.loss,
            self.source(),
            config,
            validate=self.validate if self.validates else None,
            sample=self.sample if self.samples else None,
            checkpoints=CheckpointStore(self.run.checkpoints, config.keep_checkpoints),
            resume=self.resume,
        ):
            if isinstance(event, Started) and self.resume:
                self.run.write({CONFIG: config_bytes(self.task)})  # accepted by now
            if isinstance(event, Validated) and event.best:
                self.keep()
            if isinstance(event, Stopped) and MODEL not in self.run:
                self.keep()  # nothing to choose by, or interrupted before the first validation
            yield event
            if isinstance(event, Validated) and self.samples and config.sample_every is None:
                yield Sampled(event.step, self.sample())

    def keep(self) -> None:
        """Write the model as it is now to the run directory."""
        self.run.write({MODEL: model_bytes(self.model)})


def config_bytes(task: Any) -> bytes:
    """Return a configuration as the file of a run directory."""
    return to_toml(task).encode()


def read_config(run: RunDirectory, kind: type[C], changes: dict[str, Any] | None = None) -> C:
    """Return the configuration of a run, with changes laid over it."""
    content = tomllib.loads(run.read(CONFIG).decode())
    return load_config(kind, None, merged(content, changes or {}))


def read_json(run: RunDirectory, name: str, sound: Callable[[Any], bool]) -> Any:
    """Return what a JSON file of a run says; the file is not trusted.

    Args:
        run: The run directory.
        name: The file.
        sound: Whether the content is what it should be; what it raises for a content of another
            shape (a key that is missing, a number where a list should be) means that it is not.

    Raises:
        RunError: If it is no JSON, or not sound.
    """
    try:
        content = json.loads(run.read(name))
        fits = sound(content)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        fits = False
    if not fits:
        raise RunError(f"{run.path / name} is damaged. Restore it from a copy")
    return content


def same_data(run: RunDirectory, data: str, trained_on: str, found: str) -> None:
    """Refuse data that is not what a run was trained on, by the fingerprints of both.

    Raises:
        DataError: If they differ.
    """
    if trained_on != found:
        raise DataError(
            f"{data} is not what {run.path} was trained on: it, or a file beside it, has "
            "changed. Restore it, or train anew"
        )


def absolute(name: str | None, known: Callable[[str], bool]) -> str | None:
    """Name a file from the root, so that a run resumes from anywhere; known names stay."""
    return name if name is None or known(name) else os.path.abspath(name)
