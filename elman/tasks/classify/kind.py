"""What `classify` must know of a kind of input: how it is read, batched and looked at.

A `Kind` is made from the training data, or from a run's files, and holds what was learned there
before any training: a vocabulary, the scale of each channel, the size of a frame. Everything else
about classifying is the same for all kinds, and in `task.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import ConfigError
from elman._run import RunDirectory
from elman.models.classifier import SequenceClassifier
from elman.tasks.classify.batches import MOST_STEPS, LabelledBatches, logits_of
from elman.tasks.classify.config import ClassifyTask
from elman.tasks.classify.examples import Examples, Item, Named, Sets, Split, Step
from elman.tasks.classify.output import Why
from elman.tasks.report import Picture
from elman.tasks.training import Progress
from elman.train.classification import Floats
from elman.train.config import ExampleTrainConfig

__all__ = ["Kind"]


class Kind(ABC, Generic[Item]):
    """A kind of input. To add one: subclass, and a line in `kinds.py`."""

    name: ClassVar[str]
    """As `ClassifyTask.input` calls it."""
    noun: ClassVar[str]
    """What the examples are: ``texts``, ``clips``."""
    steps: ClassVar[str]
    """What their steps are: ``tokens``, ``frames``."""
    takes: ClassVar[Literal["lines", "files"]] = "files"
    """What `elman predict` is given."""
    embeds: ClassVar[bool] = False
    """Whether the model's keys on embeddings have a meaning."""
    chunk: ClassVar[int] = 1024
    """Inputs that are read before the first is answered, where nobody says otherwise."""
    most_steps: ClassVar[int] = MOST_STEPS
    """Steps in one batch, padding included, where nobody says otherwise: what bounds memory."""

    @classmethod
    @abstractmethod
    def recognises(cls, data: str) -> bool:
        """Say whether data is of this kind, by its name, or by the names of files in a folder."""

    @classmethod
    @abstractmethod
    def settled(cls, task: ClassifyTask) -> ClassifyTask:
        """Return the task with files named from the root and choices made that depend on data."""

    @classmethod
    @abstractmethod
    def learn(cls, task: ClassifyTask, progress: Progress | None) -> tuple[Self, Sets]:
        """Read the data of a settled task, and what there is to know before training.

        Raises:
            DataError: If it is not what it should be.
        """

    @classmethod
    @abstractmethod
    def restored(cls, task: ClassifyTask, run: RunDirectory) -> Self:
        """Return what `learn` gave, from a run's files, which are not trusted.

        Raises:
            RunError: If a file is damaged.
        """

    @abstractmethod
    def files(self) -> dict[str, bytes]:
        """Return what a run directory must keep, by file name."""

    @abstractmethod
    def sets(self, task: ClassifyTask, progress: Progress | None) -> Sets:
        """Read the same data again."""

    @abstractmethod
    def examples(
        self, task: ClassifyTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> Examples:
        """Read other labelled data, whole.

        Raises:
            DataError: If there is none, or a label is not one of the known.
        """

    @abstractmethod
    def named(self, inputs: Iterator[str]) -> Iterator[Named[Item]]:
        """Read what the command was given, one by one as it is asked for."""

    @abstractmethod
    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the inputs that a file lists (`--file`)."""

    def arriving(self, source: str) -> Iterator[Step[Item]]:
        """Yield one input piece by piece, as it comes.

        Raises:
            ConfigError: If this kind cannot be read so.
        """
        raise ConfigError(f"stream: {self.noun} are not read piece by piece")

    @abstractmethod
    def collate(
        self, items: Sequence[Item], rng: np.random.Generator | None = None
    ) -> tuple[Any, Tensor]:
        """Return items as the model takes them, and their lengths ``(B,)``.

        Args:
            items: B of them.
            rng: In training: where a kind that alters its examples takes its chances from.
        """

    def batches(self, examples: Examples, config: ExampleTrainConfig) -> LabelledBatches:
        """Return the training part as batches."""
        return LabelledBatches(self.collate, examples, config, self.most_steps)

    def logits(
        self,
        model: SequenceClassifier,
        items: Sequence[Item] | Examples,
        lengths: Sequence[int] | NDArray[np.int64],
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """Return the logits ``(N, C)`` of items, in their order."""
        return logits_of(self.collate, model, items, lengths, progress, self.most_steps)

    @abstractmethod
    def model(self, task: ClassifyTask, classes: int) -> SequenceClassifier:
        """Build the network."""

    def item_steps(self, named: Named[Item]) -> list[str]:
        """Return what is written for each step of an input, where `--why` explains them."""
        raise ConfigError(f"why: there is nothing to write for a step of {self.noun}")

    def about(self, task: ClassifyTask, sets: Sets) -> list[tuple[str, str]]:
        """Say in a few lines, a word and its facts, what was found in the data."""
        return []

    def baselines(
        self,
        task: ClassifyTask,
        labels: Sequence[str],
        data: str | None,
        split: Split,
        progress: Progress | None,
    ) -> dict[str, Floats]:
        """Return log-probabilities ``(N, C)`` of what is scored, by each simple method's name."""
        return {}

    def pictures(self, task: ClassifyTask, examples: Examples, log_probs: Floats,
                 labels: Sequence[str]) -> list[Picture]:  # fmt: skip
        """Draw some examples with what was said of them."""
        return []

    def reasons(
        self,
        examples: Examples,
        log_probs: Floats,
        labels: Sequence[str],
        why: Callable[[Named[Any]], Why],
    ) -> list[Picture]:
        """Draw some examples with what each step contributed; ``why`` tells it of one."""
        return []

    def prompt(self) -> str:
        """Return what stands for an input in the commands that are proposed after training."""
        return "FILE"
