"""What `classify` must know of a kind of input: how it is read, batched and looked at.

What every kind of input knows is in `elman.tasks.kind`. Everything else about classifying is the
same for all kinds, and in `task.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError
from elman.models.classifier import SequenceClassifier
from elman.tasks.classify.batches import LabelledBatches, logits_of
from elman.tasks.classify.config import ClassifyTask
from elman.tasks.classify.examples import Examples, Named, Step
from elman.tasks.classify.output import Why
from elman.tasks.kind import InputKind, Item, Split
from elman.tasks.report import Picture
from elman.tasks.training import Progress
from elman.train.classification import Floats
from elman.train.config import ExampleTrainConfig

__all__ = ["Kind"]


class Kind(InputKind[ClassifyTask, Item]):
    """A kind of input. To add one: subclass, and a line in `kinds.py`."""

    takes: ClassVar[Literal["lines", "files"]] = "files"
    """What `elman predict` is given."""
    embeds: ClassVar[bool] = False
    """Whether the model's keys on embeddings have a meaning."""
    chunk: ClassVar[int] = 1024
    """Inputs that are read before the first is answered, where nobody says otherwise."""

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

    def arriving(self, source: str) -> Iterator[Step[Item]]:
        """Yield one input piece by piece, as it comes.

        Raises:
            ConfigError: If this kind cannot be read so.
        """
        raise ConfigError(f"stream: {self.noun} are not read piece by piece")

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
