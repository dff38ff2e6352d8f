"""Recordings of numbers as `classify` takes them: files of sensors, rows as steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import DataError, did_you_mean
from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.signal.config import SignalConfig
from elman.data.signal.read import is_signal
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.sets import SignalSets, class_names
from elman.data.signal.summary import at_steps, summaries
from elman.data.table import listed
from elman.models.classifier import SequenceClassifier
from elman.models.linear_baseline import LogisticRegression
from elman.tasks.classify.config import ClassifyTask
from elman.tasks.classify.examples import Examples, Named, Step
from elman.tasks.classify.kind import Kind
from elman.tasks.kind import Sets, Split
from elman.tasks.report import Picture
from elman.tasks.signal_pictures import labelled_picture
from elman.tasks.signals import Item, SignalReader, placed
from elman.tasks.training import Progress, absolute
from elman.train.classification import Floats, mean_nats

__all__ = ["SignalExamples", "SignalKind"]

PENALTIES = (1.0, 10.0, 100.0, 1000.0)
"""Of the baselines; the one that is best on the validation part is taken."""
DRAWN = 6
"""Recordings in the picture of a report."""


@dataclass(frozen=True)
class SignalExamples:
    """Recordings with the numbers of their labels.

    Args:
        recordings: The recordings, N.
        labels: ``(N,)``.
    """

    recordings: Recordings
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, key: int) -> Recording:
        return self.recordings.items[key]

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Rows of each, ``(N,)``."""
        return np.array([len(item) for item in self.recordings], np.int64)


class SignalKind(Kind[Item]):
    """Labelled recordings of numbers.

    Args:
        reader: What was learned of the channels.
    """

    name, noun, steps, takes = "signal", "recordings", "rows", "files"

    def __init__(self, reader: SignalReader) -> None:
        self.reader = reader

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Take NPZ and .ts files, and tables that hold numbers."""
        return is_signal(data)

    @classmethod
    def settled(cls, task: ClassifyTask) -> ClassifyTask:
        """Name files from the root."""
        data = str(absolute(task.data, is_known))
        return task.model_copy(update={"data": data, "signal": placed(settings(task))})

    @classmethod
    def learn(cls, task: ClassifyTask, progress: Progress | None) -> tuple[SignalKind, Sets]:
        """Read the recordings, and learn the scale of the channels."""
        reader, found = SignalReader.learn(task.data, settings(task), "one", progress)
        return cls(reader), sets_of(task.data, found)

    @classmethod
    def restored(cls, task: ClassifyTask, run: RunDirectory) -> SignalKind:
        """Read the scale and the columns."""
        return cls(SignalReader.restored(settings(task), run))

    def files(self) -> dict[str, bytes]:
        """Keep the scale and the columns."""
        return self.reader.files()

    def sets(self, task: ClassifyTask, progress: Progress | None) -> Sets:
        """Read the same recordings again."""
        return sets_of(task.data, SignalReader.learn(task.data, settings(task), "one", progress)[1])

    def examples(
        self, task: ClassifyTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> Examples:
        """Read other recordings of the same channels."""
        return numbered(self.reader.read(data, "one", progress), labels)

    def named(self, inputs: Iterator[str]) -> Iterator[Named[Item]]:
        """Read the recordings of each file."""
        return (Named(item.name, item) for item in self.reader.named(inputs))

    def inputs(self, path: Path) -> Iterator[str]:
        """Take a file for what it is."""
        return iter([str(path)])

    def arriving(self, source: str) -> Iterator[Step[Item]]:
        """Yield a recording step by step as its rows come."""
        return (Step(stamp, steps) for stamp, steps in self.reader.arriving(source))

    def collate(
        self, items: Sequence[Item], rng: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return encoded steps and lengths."""
        return self.reader.collate(items, rng)

    def model(self, task: ClassifyTask, classes: int) -> SequenceClassifier:
        """Put the reader's frontend before the rest."""
        return SequenceClassifier(self.reader.frontend(), classes, task.model)

    def item_steps(self, named: Named[Item]) -> list[str]:
        """Return the time of each step, or its number."""
        item, size = named.item, self.reader.config.rows_per_step
        times = item.times if isinstance(item, Recording) else None
        if times is not None:
            return [f"{time:g}" for time in times[::size]]
        return [str(k + 1) for k in range(0, len(item), size)]

    def about(self, task: ClassifyTask, sets: Sets) -> list[tuple[str, str]]:
        """Say what the channels are."""
        return self.reader.about(sets.train.recordings)

    def baselines(
        self,
        task: ClassifyTask,
        labels: Sequence[str],
        data: str | None,
        split: Split,
        progress: Progress | None,
    ) -> dict[str, Floats]:
        """Return what logistic regression says, of summaries and of a few even steps."""
        sets = self.sets(task, progress)
        scored: Any = sets.part(split)
        if data is not None:
            scored = self.examples(task, data, labels, progress)
        found: dict[str, Floats] = {}
        for k, (name, features_of) in enumerate(
            {"summary, linear": summaries, "16 steps, linear": at_steps}.items()
        ):
            rows = [
                features_of(part.recordings, self.reader.scale, self.reader.config)
                for part in (sets.train, sets.valid, scored)
            ]
            model = best_linear(rows[0], sets.train.labels, rows[1], sets.valid.labels, len(labels))
            found[name] = model.log_probs(rows[2])
            if progress is not None:
                progress(k + 1, 2, "baselines")
        return found

    def pictures(
        self, task: ClassifyTask, examples: Examples, log_probs: Floats, labels: Sequence[str]
    ) -> list[Picture]:
        """Draw some recordings with what they are and what was said of them."""
        told = log_probs.argmax(-1)
        wrong = np.flatnonzero(told != examples.labels)
        right = np.flatnonzero(told == examples.labels)
        # Half of them mistakes, if there are so many, spread over the part.
        mistakes = spread(wrong, DRAWN // 2)
        shown = [*mistakes, *spread(right, DRAWN - len(mistakes))]
        titles = [
            f"{labels[int(examples.labels[k])]}, told {labels[int(told[k])]} "
            f"({np.exp(log_probs[k].max()):.0%})"
            for k in shown
        ]
        missed = [bool(told[k] != examples.labels[k]) for k in shown]
        recordings = [examples[int(k)] for k in shown]
        scale, config = self.reader.scale, self.reader.config
        return [labelled_picture(recordings, titles, missed, scale, config)]


def settings(task: ClassifyTask) -> SignalConfig:
    """Return the table of the configuration, or what it is where nothing was said."""
    return task.signal if task.signal is not None else SignalConfig()


def sets_of(data: str, found: SignalSets) -> Sets:
    """Return recordings with their labels numbered."""
    labels = class_names(data, found.train, [("validation", found.valid), ("test", found.test)])
    train, valid, test = (numbered(p, labels) for p in (found.train, found.valid, found.test))
    return Sets(labels, train, valid, test, found.fingerprint(), found.notes)


def numbered(recordings: Recordings, labels: Sequence[str]) -> SignalExamples:
    """Return recordings with the numbers of their labels.

    Raises:
        DataError: If a label is not one of them.
    """
    place = {label: k for k, label in enumerate(labels)}
    numbers = np.empty(len(recordings), np.int64)
    for k, item in enumerate(recordings):
        label = str(item.labels[0])
        if label not in place:
            raise DataError(
                f"{item.place or item.name}: label '{label}' was not learned"
                f"{did_you_mean(label, labels) or '.'} Known: {listed(labels)}"
            )
        numbers[k] = place[label]
    return SignalExamples(recordings, numbers)


def best_linear(
    train: NDArray[np.float64],
    labels: NDArray[np.int64],
    valid: NDArray[np.float64],
    valid_labels: NDArray[np.int64],
    classes: int,
) -> LogisticRegression:
    """Return the regression whose penalty is best on the validation part."""
    models = [LogisticRegression(classes, p).fit(train, labels) for p in PENALTIES]
    if not len(valid):
        return models[0]
    return min(models, key=lambda model: mean_nats(model.log_probs(valid), valid_labels))


def spread(rows: NDArray[np.int64], most: int) -> list[int]:
    """Return at most so many rows, from all over."""
    if len(rows) <= most:
        return [int(k) for k in rows]
    return [int(rows[k]) for k in np.linspace(0, len(rows) - 1, most).astype(int)]
