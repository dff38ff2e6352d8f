"""What `tag` must know of data that is read step by step: DNA, recordings.

A `TagKind` is made from the training data, or from a run's files, and holds what was learned there
before any training: an alphabet, the scale of each channel. See `elman.tasks.classify.kind`, whose
words these are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from elman._run import RunDirectory
from elman.models.step_tagger import StepTagger
from elman.models.step_tagger_config import StepTaggerConfig
from elman.tasks.report import Picture
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.training import Progress

__all__ = ["Split", "TagExamples", "TagKind", "TagSets", "step_config"]

Item = TypeVar("Item")
Split = Literal["train", "valid", "test"]


class TagExamples(Protocol):
    """Sequences with a tag at each step; they may be read when they are asked for."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each, ``(E,)``."""
        ...

    def tags(self, key: int, /) -> NDArray[np.int64]:
        """Return the tags of one, ``(T,)``; -100 where none is known."""
        ...

    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...


@dataclass(frozen=True)
class TagSets:
    """Tagged data, read and split.

    Args:
        labels: The names of the tags; a step's tag is a place in it.
        train: To learn from.
        valid: To choose the model by; may be empty.
        test: For the last test; may be empty.
        fingerprint: Differs when any content or tag of any part does.
        notes: What the reader left out or mended, each in a few words.
    """

    labels: tuple[str, ...]
    train: Any
    valid: Any
    test: Any
    fingerprint: str
    notes: tuple[str, ...] = ()

    def part(self, split: Split) -> TagExamples:
        """Return one of the parts."""
        found: TagExamples = getattr(self, split)
        return found


class TagKind(ABC, Generic[Item]):
    """A kind of data. To add one: subclass, and a line in `kinds.py`."""

    name: ClassVar[str]
    """As `TagTask.input` calls it."""
    noun: ClassVar[str]
    """What the examples are: ``sequences``, ``recordings``."""
    steps: ClassVar[str]
    """What their steps are: ``bases``, ``rows``."""
    most_steps: ClassVar[int] = 1 << 16
    """Steps in one batch, padding included, where nobody says otherwise: what bounds memory."""

    @classmethod
    @abstractmethod
    def recognises(cls, data: str) -> bool:
        """Say whether data is of this kind, by its name, or by the names of files in a folder."""

    @classmethod
    @abstractmethod
    def settled(cls, task: TagTask) -> TagTask:
        """Return the task with files named from the root and choices made that depend on data."""

    @classmethod
    @abstractmethod
    def learn(cls, task: TagTask, progress: Progress | None) -> tuple[Self, TagSets]:
        """Read the data of a settled task, and what there is to know before training.

        Raises:
            DataError: If it is not what it should be.
        """

    @classmethod
    @abstractmethod
    def restored(cls, task: TagTask, run: RunDirectory) -> Self:
        """Return what `learn` gave, from a run's files, which are not trusted.

        Raises:
            RunError: If a file is damaged.
        """

    @abstractmethod
    def files(self) -> dict[str, bytes]:
        """Return what a run directory must keep, by file name."""

    @abstractmethod
    def sets(self, task: TagTask, progress: Progress | None) -> TagSets:
        """Read the same data again."""

    @abstractmethod
    def examples(
        self, task: TagTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> TagExamples:
        """Read other tagged data, whole.

        Raises:
            DataError: If there is none, or a tag is not one of the known.
        """

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
    def model(self, task: TagTask, tags: int) -> StepTagger:
        """Build the network; `step_config` gives its configuration."""

    @abstractmethod
    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the inputs that a file lists (`--file`), or the file itself."""

    @abstractmethod
    def predict(
        self,
        model: StepTagger,
        labels: Sequence[str],
        inputs: Iterator[str],
        options: TagPredict,
        write: Callable[[str], None],
    ) -> None:
        """Write the tags of each input as this kind of data is written, as it is read.

        Raises:
            ConfigError: If an option has no effect on this kind.
        """

    def about(self, task: TagTask, sets: TagSets) -> list[tuple[str, str]]:
        """Say in a few lines, a word and its facts, what was found in the data."""
        return []

    def pictures(
        self, task: TagTask, examples: TagExamples, found: Sequence[Any], labels: Sequence[str]
    ) -> list[Picture]:
        """Draw some examples with the tags that were found, ``(T,)`` of each of the first."""
        return []


def step_config(task: TagTask) -> StepTaggerConfig:
    """Return the part of a task's model that taggers of steps know."""
    known = StepTaggerConfig.model_fields
    values = {k: v for k, v in task.model.model_dump().items() if k in known}
    return StepTaggerConfig.model_validate(values)
