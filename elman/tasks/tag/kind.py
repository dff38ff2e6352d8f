"""What `tag` must know of data that is read step by step: DNA, recordings.

What every kind of input knows is in `elman.tasks.kind`; how sequences are tagged is the same for
all kinds, and in `steps.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from elman.models.step_tagger import StepTagger
from elman.models.step_tagger_config import StepTaggerConfig
from elman.tasks.kind import InputKind, Item
from elman.tasks.report import Picture
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.training import Progress

__all__ = ["TagExamples", "TagKind", "step_config"]


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


class TagKind(InputKind[TagTask, Item]):
    """A kind of data. To add one: subclass, and a line in `kinds.py`."""

    @abstractmethod
    def examples(
        self, task: TagTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> TagExamples:
        """Read other tagged data, whole.

        Raises:
            DataError: If there is none, or a tag is not one of the known.
        """

    @abstractmethod
    def model(self, task: TagTask, tags: int) -> StepTagger:
        """Build the network; `step_config` gives its configuration."""

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
