"""Tagging what is read step by step: training, and trained runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import DataError
from elman._run import RunDirectory
from elman.data.buckets import Buckets, scoring_batches
from elman.models.generate import evaluating
from elman.models.step_tagger import StepTagger
from elman.tasks.classify.report import by_class, confusion
from elman.tasks.kind import Split
from elman.tasks.kind_training import KindTraining, opened, own_sets
from elman.tasks.pictures import confusion_picture
from elman.tasks.report import Figure, Report
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.tag.kind import TagExamples, TagKind
from elman.tasks.tag.kinds import kind_of, settled
from elman.tasks.training import Progress
from elman.train.classification import ClassScores, confusion_matrix
from elman.train.nest import map_nest
from elman.train.objective import Batch, Outcome, Scores

__all__ = ["StepTagRun", "StepTagTraining", "StepTags", "TaggedBatches", "tag_all"]

SCORED = 64
"""Sequences scored at once, at most."""
UNKNOWN = -100
"""The tag of a step that has none."""
DRAWN = 6
"""Examples that are drawn, at most."""


class TaggedBatches:
    """Tagged sequences as batches by number, of like length.

    Args:
        kind: Lays items into a batch.
        examples: The sequences.
        task: Sizes of a batch, and the seed.
    """

    def __init__(self, kind: TagKind[Any], examples: TagExamples, task: TagTask) -> None:
        self._kind, self._examples, self._seed = kind, examples, task.train.seed
        longest = int(examples.lengths.max(initial=1))
        most = task.train.max_tokens
        if most is None and task.train.batch_size * longest > kind.most_steps:
            most = kind.most_steps
        self.max_tokens = most
        self._buckets = Buckets(
            examples.lengths, task.train.batch_size, seed=task.train.seed, max_tokens=most
        )

    def __len__(self) -> int:
        return len(self._buckets)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``: inputs and lengths, targets are tags ``(B, T)``."""
        rows = self._buckets.rows(epoch, index)
        rng = np.random.default_rng([self._seed, epoch, index])
        inputs, lengths = self._kind.collate([self._examples[int(k)] for k in rows], rng)
        tags = [self._examples.tags(int(k)) for k in rows]
        return Batch((inputs, lengths), padded(tags, int(lengths.max())), fresh=True)


def padded(tags: Sequence[NDArray[np.int64]], steps: int) -> Tensor:
    """Return tags as ``(B, T)``, none beyond a row's end."""
    laid = np.full((len(tags), steps), UNKNOWN, np.int64)
    for row, target in zip(tags, laid, strict=True):
        target[: len(row)] = row[:steps]
    return torch.from_numpy(laid)


@dataclass(frozen=True)
class StepTags:
    """What was found for many sequences, and how it compares.

    Args:
        scores: Counts of all steps that have a tag.
        nats: Mean of ``-ln p`` of their tags.
        found: The tags of the first sequences, ``(T,)`` each.
    """

    scores: ClassScores
    nats: float
    found: list[NDArray[np.int64]]


@torch.inference_mode()
def tag_all(
    kind: TagKind[Any],
    model: StepTagger,
    examples: TagExamples,
    progress: Progress | None = None,
) -> StepTags:
    """Tag sequences and compare; the model as in evaluation."""
    counts = np.zeros((model.num_tags, model.num_tags), np.int64)
    found: dict[int, NDArray[np.int64]] = {}
    total, steps, done = 0.0, 0, 0
    with evaluating(model):
        for rows in scoring_batches(examples.lengths, SCORED, kind.most_steps):
            batch = kind.collate([examples[int(k)] for k in rows])
            inputs, lengths = map_nest(lambda tensor: tensor.to(model.device), batch)
            gold = [examples.tags(int(k)) for k in rows]
            emissions = model.emissions(inputs, lengths)
            tags = padded(gold, len(emissions)).to(model.device)
            loss = model.loss_of(emissions, lengths, tags)
            total, steps = total + float(loss.nats) * loss.words, steps + loss.words
            best = model.decoded(emissions, lengths, confidence=False).tags.cpu().numpy()
            for k, row, true in zip(rows.tolist(), best, gold, strict=True):
                told, known = row[: len(true)], true >= 0
                counts += confusion_matrix(true[known], told[known], model.num_tags)
                if k < DRAWN:
                    found[k] = told
            done += len(rows)
            if progress is not None:
                progress(done, len(examples), "scoring")
    first = [found[k] for k in sorted(found)]
    return StepTags(ClassScores(counts), total / max(1, steps), first)


class StepTagTraining(KindTraining[TagTask, TagKind[Any], StepTagger]):
    """The training of a tagger of steps.

    Raises:
        DataError: If the data cannot be read or learned from; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    config = TagTask

    @classmethod
    def kind_of(cls, name: str) -> type[TagKind[Any]]:
        """Return the class of a kind."""
        return kind_of(name)

    @classmethod
    def settled(cls, task: TagTask) -> TagTask:
        """Choose the kind of data, and all that depends on it."""
        return settled(task)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        sets, model, kind = self.sets, self.task.model, self.kind
        notes = [
            f"{len(sets.train):,} {kind.noun}, {int(sets.train.lengths.sum()):,} {kind.steps} to "
            f"train on, {len(sets.valid):,} {kind.noun} to validate, {len(sets.test):,} to test",
            *sets.notes,
        ]
        direction = "both directions" if model.bidirectional else "one direction"
        return [
            ("data", f"{self.task.data}: {'; '.join(notes)}"),
            *kind.about(self.task, sets),
            ("tags", ", ".join(sets.labels)),
            (
                "network",
                f"{model.cell}, {model.num_layers} x {model.hidden_size} units, {direction}, "
                f"{model.output}",
            ),
        ]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        path = self.run.path
        return [f"elman eval {path} --baselines --html report.html", f"elman predict {path} FILE"]

    def source(self) -> TaggedBatches:
        """Return the training part as batches."""
        return TaggedBatches(self.kind, self.sets.train, self.task)

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        inputs, lengths = batch.inputs
        found = self.model.loss(inputs, lengths, batch.targets)
        return Outcome(found.nats, found.nats.detach(), found.words, None)

    def validate(self) -> Scores:
        """Score the held-out part: the share of steps that are right."""
        told = tag_all(self.kind, self.model, self.sets.valid)
        metrics = {"accuracy": told.scores.accuracy, "macro F1": told.scores.macro_f1}
        return Scores(told.nats, metrics, criterion=1 - told.scores.accuracy)


@dataclass(frozen=True)
class StepTagRun:
    """A trained tagger of steps, opened from its run directory."""

    takes: ClassVar[Literal["files"]] = "files"

    directory: RunDirectory
    task: TagTask
    kind: TagKind[Any]
    labels: tuple[str, ...]
    model: StepTagger

    @classmethod
    def open(cls, path: Path) -> StepTagRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        return cls(*opened(path, StepTagTraining))

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        baselines: bool = False,
        pictures: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Score the run on a held-out part of its own data, or on other data.

        Args:
            data: Other tagged data, scored whole; ``None``: the run's own.
            split: Which part of the run's own data.
            baselines: Also score the most frequent tag of the training part.
            pictures: Also draw what was found.
            progress: Told how far the work is.

        Raises:
            DataError: If there is nothing to score, or the run's own data has changed.
        """
        own = None
        if data is None or baselines:
            own = own_sets(self.directory, self.task, self.kind, progress)
        if data is not None:
            examples = self.kind.examples(self.task, data, self.labels, progress)
        else:
            examples = own.part(split) if own else ()  # type: ignore[assignment]  # read above
        if not len(examples):
            raise DataError(f"{data or self.task.data} has no {split} part to score")
        told = tag_all(self.kind, self.model, examples, progress)
        scores, steps = told.scores, self.kind.steps
        named = f"{split} part of {self.task.data}" if data is None else data
        figures = (
            Figure("accuracy", scores.accuracy, "%", 2),
            Figure("macro F1", scores.macro_f1, "%", 2),
            Figure(f"nats per {steps.removesuffix('s')}", told.nats, digits=4),
        )
        beside = {"most frequent tag": frequent(own.train, scores)} if baselines and own else {}
        tables = by_class(self.labels, scores, steps), confusion(self.labels, scores, steps)
        report = Report(
            f"{named}, {len(examples):,} {self.kind.noun}, {int(examples.lengths.sum()):,} {steps}",
            figures,
            beside,
            tables,
            own.notes if own and data is None else (),
        )
        if not pictures:
            return report
        drawn = self.kind.pictures(self.task, examples, told.found, self.labels)
        shown = confusion_picture(self.labels, scores.confusion)
        return replace(report, pictures=(shown, *drawn))

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the inputs that a file lists, or the file itself."""
        return self.kind.inputs(path)

    def predict(
        self,
        inputs: Iterator[str],
        options: TagPredict,
        write: Callable[[str], None],
        color: bool,
    ) -> None:
        """Write the tags of each input, for the command."""
        self.kind.predict(self.model, self.labels, inputs, options, write)


def frequent(train: TagExamples, scores: ClassScores) -> dict[str, float]:
    """Return what always telling the most frequent tag of the training part reaches."""
    counts = np.zeros(len(scores.support), np.int64)
    for k in range(len(train)):
        tags = train.tags(k)
        counts += np.bincount(tags[tags >= 0], minlength=len(counts))
    told = np.zeros_like(scores.confusion)
    told[:, int(counts.argmax())] = scores.support
    found = ClassScores(told)
    return {"accuracy": found.accuracy, "macro F1": found.macro_f1}
