"""What every kind of input knows, whatever is done with it: reading, batches, files of a run.

A kind is made from the training data, or from a run's files, and holds what was learned there
before any training: a vocabulary, the scale of each channel, the size of a frame. `classify` and
`tag` each add what they need; see their `kind.py`.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

import numpy as np
from torch import Tensor

from elman._errors import ConfigError
from elman._run import RunDirectory
from elman.tasks.training import Progress

__all__ = ["MOST_STEPS", "InputKind", "Item", "Sets", "Split", "chosen", "find_kind", "unused"]

Item = TypeVar("Item")
T = TypeVar("T")
Split = Literal["train", "valid", "test"]
MOST_STEPS = 1 << 16
"""Steps in one batch, padding included, where nobody says otherwise: what bounds memory."""


@dataclass(frozen=True)
class Sets:
    """Labelled data, read and split; what an example is, its kind knows.

    Args:
        labels: The names of the labels; a label is a place in it.
        train: To learn from.
        valid: To choose the model by; may be empty.
        test: For the last test; may be empty.
        fingerprint: Differs when any content or label of any part does.
        notes: What the reader left out or mended, each in a few words.
    """

    labels: tuple[str, ...]
    train: Any
    valid: Any
    test: Any
    fingerprint: str
    notes: tuple[str, ...] = ()

    def part(self, split: Split) -> Any:
        """Return one of the parts."""
        return getattr(self, split)


class InputKind(ABC, Generic[T, Item]):
    """A kind of input, of a task with the configuration T, whose sequences are items."""

    name: ClassVar[str]
    """As the task's key ``input`` calls it."""
    noun: ClassVar[str]
    """What the examples are: ``texts``, ``clips``."""
    steps: ClassVar[str]
    """What their steps are: ``tokens``, ``frames``."""
    most_steps: ClassVar[int] = MOST_STEPS
    """Steps in one batch, padding included, where nobody says otherwise: what bounds memory."""

    @classmethod
    @abstractmethod
    def recognises(cls, data: str) -> bool:
        """Say whether data is of this kind, by its name, or by the names of files in a folder."""

    @classmethod
    @abstractmethod
    def settled(cls, task: T) -> T:
        """Return the task with files named from the root and choices made that depend on data."""

    @classmethod
    @abstractmethod
    def learn(cls, task: T, progress: Progress | None) -> tuple[Self, Sets]:
        """Read the data of a settled task, and what there is to know before training.

        Raises:
            DataError: If it is not what it should be.
        """

    @classmethod
    @abstractmethod
    def restored(cls, task: T, run: RunDirectory) -> Self:
        """Return what `learn` gave, from a run's files, which are not trusted.

        Raises:
            RunError: If a file is damaged.
        """

    @abstractmethod
    def files(self) -> dict[str, bytes]:
        """Return what a run directory must keep, by file name."""

    @abstractmethod
    def sets(self, task: T, progress: Progress | None) -> Sets:
        """Read the same data again."""

    @abstractmethod
    def collate(
        self, items: Sequence[Item], rng: np.random.Generator | None = None
    ) -> tuple[Any, Tensor]:
        """Return items as the model takes them, and their lengths ``(B,)``.

        Args:
            items: B of them.
            rng: In training: where a kind that alters its examples takes its chances from.
        """

    @abstractmethod
    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the inputs that a file lists (`--file`), or the file itself."""

    def about(self, task: T, sets: Sets) -> list[tuple[str, str]]:
        """Say in a few lines, a word and its facts, what was found in the data."""
        return []


def find_kind(package: str, home: str) -> Any:
    """Return the class of a kind.

    Args:
        package: The task's, ``"elman.tasks.tag"``.
        home: Module and class in it, ``"dna.DnaTagKind"``.
    """
    module, _, attribute = home.partition(".")
    return getattr(importlib.import_module(f"{package}.{module}"), attribute)


def chosen(
    task: Any,
    kinds: Mapping[str, str],
    kind_of: Callable[[str], Any],
    tables: Mapping[str, str],
    noun: str,
) -> str:
    """Return the name of a task's kind of input; ``text`` is what no other recognises.

    Args:
        task: A configuration with ``data``, ``input`` and the tables.
        kinds: Every kind by name.
        kind_of: Finds the class of one.
        tables: Each table of the configuration that only one kind knows, and that kind.
        noun: What the examples of ``text`` are.

    Raises:
        ConfigError: If a table of another kind is given.
    """
    name: str = task.input
    if name == "auto":
        others = (kind for kind in kinds if kind != "text")
        name = next((kind for kind in others if kind_of(kind).recognises(task.data)), "text")
    for table, owner in tables.items():
        if owner != name and getattr(task, table) is not None:
            examples = noun if name == "text" else kind_of(name).noun
            raise ConfigError(
                f"{table}: has no effect on {examples}. Leave it out, or say --input {owner}"
            )
    return name


def unused(model: Any, keys: Sequence[str], noun: str) -> None:
    """Refuse keys of a model's configuration that are set and have no effect.

    Raises:
        ConfigError: At the first.
    """
    fields = type(model).model_fields
    for key in keys:
        if getattr(model, key) != fields[key].default:
            raise ConfigError(f"model.{key}: has no effect on {noun}. Leave it out")
