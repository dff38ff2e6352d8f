"""Recordings of numbers as `tag` takes them: a label for each row, episodes, a running label."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import ConfigError, DataError, did_you_mean
from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.signal.config import SignalConfig
from elman.data.signal.read import is_signal
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.sets import SignalSets, class_names
from elman.data.table import listed
from elman.models.generate import evaluating
from elman.models.step_tagger import StepTagger
from elman.tasks.kind import Sets
from elman.tasks.report import Picture
from elman.tasks.signal_pictures import timeline_picture
from elman.tasks.signals import Item, SignalReader, placed
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.tag.kind import TagExamples, TagKind, step_config
from elman.tasks.training import Progress, absolute
from elman.train.log import printable

__all__ = ["SignalTagKind", "TaggedRecordings"]


@dataclass(frozen=True)
class TaggedRecordings:
    """Recordings with the number of the tag of each row.

    Args:
        recordings: N of them.
        numbers: Of each ``(T,)``.
    """

    recordings: Recordings
    numbers: Sequence[NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, key: int) -> Recording:
        return self.recordings.items[key]

    def tags(self, key: int) -> NDArray[np.int64]:
        """Return the tags of one, ``(T,)``."""
        return self.numbers[key]

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Rows of each, ``(N,)``."""
        return np.array([len(item) for item in self.recordings], np.int64)


class Episode(NamedTuple):
    """Rows one after the other with the same tag."""

    first: str
    last: str
    tag: str
    confidence: float


class SignalTagKind(TagKind[Item]):
    """Recordings with a label in each row.

    Args:
        reader: What was learned of the channels.
    """

    name, noun, steps = "signal", "recordings", "rows"

    def __init__(self, reader: SignalReader) -> None:
        self.reader = reader

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Take NPZ and .ts files, and tables that hold numbers."""
        return is_signal(data)

    @classmethod
    def settled(cls, task: TagTask) -> TagTask:
        """Name files from the root; refuse what would part rows from their tags."""
        config = settings(task)
        if config.rows_per_step != 1:
            raise ConfigError("signal.rows_per_step: a tag for each row needs a step for each row")
        if config.augment_time:
            raise ConfigError("signal.augment_time: another pace would part rows from their tags")
        data = str(absolute(task.data, is_known))
        return task.model_copy(update={"data": data, "signal": placed(config)})

    @classmethod
    def learn(cls, task: TagTask, progress: Progress | None) -> tuple[SignalTagKind, Sets]:
        """Read the recordings, and learn the scale of the channels."""
        reader, found = SignalReader.learn(task.data, settings(task), "steps", progress)
        return cls(reader), sets_of(task.data, found)

    @classmethod
    def restored(cls, task: TagTask, run: RunDirectory) -> SignalTagKind:
        """Read the scale and the columns."""
        return cls(SignalReader.restored(settings(task), run))

    def files(self) -> dict[str, bytes]:
        """Keep the scale and the columns."""
        return self.reader.files()

    def sets(self, task: TagTask, progress: Progress | None) -> Sets:
        """Read the same recordings again."""
        _, found = SignalReader.learn(task.data, settings(task), "steps", progress)
        return sets_of(task.data, found)

    def examples(
        self, task: TagTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> TagExamples:
        """Read other recordings of the same channels."""
        return numbered(self.reader.read(data, "steps", progress), labels)

    def collate(
        self, items: Sequence[Item], rng: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return encoded rows and lengths."""
        return self.reader.collate(items, rng)

    def model(self, task: TagTask, tags: int) -> StepTagger:
        """Put the reader's frontend before the rest."""
        return StepTagger(self.reader.frontend(), tags, step_config(task))

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the file itself."""
        yield str(path)

    def about(self, task: TagTask, sets: Sets) -> list[tuple[str, str]]:
        """Say what the channels are."""
        return self.reader.about(sets.train.recordings)

    def predict(
        self,
        model: StepTagger,
        labels: Sequence[str],
        inputs: Iterator[str],
        options: TagPredict,
        write: Callable[[str], None],
    ) -> None:
        """Write episodes to read, a row for each row as CSV, or an object for each recording."""
        check(options)
        if options.stream:
            for source in inputs:
                self.follow(model, labels, source, options, write)
            return
        if options.format == "csv":
            write(csv_line(["recording", "at", "tag", "confidence"]))
        for item in self.reader.named(inputs, uncut=True):
            tags, sure = self.told(model, item)
            names, at = [labels[k] for k in tags], stamps(item)
            if options.format == "json":
                entry = {"recording": item.name, "tags": names, "confidence": sure.tolist()}
                write(json.dumps(entry, ensure_ascii=False) + "\n")
            elif options.format == "csv":
                rows = zip(at, names, sure.tolist(), strict=True)
                write("".join(csv_line([item.name, a, tag, f"{p:.6g}"]) for a, tag, p in rows))
            else:
                for episode in episodes(at, names, sure):
                    write(
                        f"{printable(item.name)}\t{episode.first} to {episode.last}\t"
                        f"{printable(episode.tag)}\t{episode.confidence:.1%}\n"
                    )

    @torch.inference_mode()
    def told(
        self, model: StepTagger, item: Recording
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the tag of each row of a recording, and how sure each is."""
        inputs, lengths = self.collate([item])
        with evaluating(model):
            found = model.decode(inputs.to(model.device), lengths.to(model.device))
        return found.tags[0].cpu().numpy(), found.confidence[0].float().cpu().numpy()

    def follow(
        self,
        model: StepTagger,
        labels: Sequence[str],
        source: str,
        options: TagPredict,
        write: Callable[[str], None],
    ) -> None:
        """Write the tag of each row as soon as it is there."""
        if options.format == "csv":
            write(csv_line(["at", "tag", "confidence", *labels]))
        state = model.stream()
        for stamp, steps in self.reader.arriving(source):
            with torch.inference_mode(), evaluating(model):
                scores, state = model.step(torch.from_numpy(steps)[None].to(model.device), state)
                belief, state = model.believe(scores, state)
            shares = belief[0, -1].exp().float().cpu().numpy()
            best = int(shares.argmax())
            if options.format == "json":
                chances = dict(zip(labels, shares.tolist(), strict=True))
                entry = {"at": stamp, "tag": labels[best], "probabilities": chances}
                write(json.dumps(entry, ensure_ascii=False) + "\n")
            elif options.format == "csv":
                cells = [f"{share:.6g}" for share in (shares[best], *shares)]
                write(csv_line([stamp, labels[best], *cells]))
            else:
                write(f"{stamp}\t{printable(labels[best])}\t{shares[best]:.1%}\n")

    def pictures(
        self, task: TagTask, examples: TagExamples, found: Sequence[Any], labels: Sequence[str]
    ) -> list[Picture]:
        """Draw some recordings over the tags they have and those that were told."""
        recordings = [examples[k] for k in range(len(found))]
        true = [examples.tags(k) for k in range(len(found))]
        scale, config = self.reader.scale, self.reader.config
        return [timeline_picture(recordings, true, found, labels, scale, config)]


def settings(task: TagTask) -> SignalConfig:
    """Return the table of the configuration, or what it is where nothing was said."""
    return task.signal if task.signal is not None else SignalConfig()


def sets_of(data: str, found: SignalSets) -> Sets:
    """Return recordings with the tags of their rows numbered."""
    labels = class_names(data, found.train, [("validation", found.valid), ("test", found.test)])
    train, valid, test = (numbered(p, labels) for p in (found.train, found.valid, found.test))
    return Sets(labels, train, valid, test, found.fingerprint(), found.notes)


def numbered(recordings: Recordings, labels: Sequence[str]) -> TaggedRecordings:
    """Return recordings with the numbers of their tags.

    Raises:
        DataError: If a tag is not one of the labels.
    """
    place = {label: k for k, label in enumerate(labels)}
    numbers = []
    for item in recordings:
        names = item.labels.astype(str).tolist()
        if unknown := next((name for name in names if name not in place), None):
            raise DataError(
                f"{item.place or item.name}: label '{unknown}' was not learned"
                f"{did_you_mean(unknown, labels) or '.'} Known: {listed(labels)}"
            )
        own = np.array([place[name] for name in names], np.int64)
        numbers.append(np.repeat(own, len(item)) if len(own) == 1 else own)
    return TaggedRecordings(recordings, numbers)


def stamps(item: Recording) -> list[str]:
    """Return what is written for each row: its time, or its number from 1."""
    if item.times is not None:
        return [f"{time:.10g}" for time in item.times]
    return [str(k) for k in range(1, len(item) + 1)]


def episodes(
    at: Sequence[str], tags: Sequence[str], sure: NDArray[np.float32]
) -> Iterator[Episode]:
    """Yield stretches of rows with the same tag, with the mean confidence of each.

    Example:
        >>> list(episodes(["1", "2", "3"], ["a", "a", "b"], np.array([0.5, 1.0, 1.0])))[0]
        Episode(first='1', last='2', tag='a', confidence=0.75)
    """
    start = 0
    for tag, group in itertools.groupby(tags):
        stop = start + sum(1 for _ in group)
        yield Episode(at[start], at[stop - 1], tag, float(sure[start:stop].mean()))
        start = stop


def check(options: TagPredict) -> None:
    """Refuse options that have no effect on recordings.

    Raises:
        ConfigError: If there is one.
    """
    if options.format not in ("text", "csv", "json"):
        raise ConfigError("format: recordings are written as text, csv or json")
    for name in ("input", "chunk"):
        if getattr(options, name) != TagPredict.model_fields[name].default:
            raise ConfigError(f"{name}: has no effect on recordings. Leave it out")


def csv_line(cells: Sequence[str]) -> str:
    """Return a row of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
