"""Classifying sequences: train on labelled ones, score, tell the class of new ones, and say why.

Here the columns meet: labelled data from `data`, a classifier from `models`, the loop from
`train`. What differs between texts, DNA, signals and video is a `Kind`; how predictions are
written is in `output.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F

from elman._errors import ConfigError, DataError, did_you_mean
from elman._run import RunDirectory
from elman.models.attribution import integrated_gradients
from elman.models.classifier import SequenceClassifier
from elman.models.generate import evaluating
from elman.tasks.classify.batches import LabelledBatches
from elman.tasks.classify.config import ClassifyPredict, ClassifyTask
from elman.tasks.classify.examples import Examples, Named, Step
from elman.tasks.classify.kind import Kind
from elman.tasks.classify.kinds import kind_of, settled
from elman.tasks.classify.output import Prediction, Why, running, written
from elman.tasks.classify.report import report_of, with_baselines
from elman.tasks.kind import Sets, Split
from elman.tasks.kind_training import KindTraining, opened, own_sets
from elman.tasks.pictures import confusion_picture
from elman.tasks.report import Picture, Report
from elman.tasks.training import Progress
from elman.train.classification import (
    Floats,
    balanced_weights,
    class_scores,
    confusion_matrix,
    fit_temperature,
    log_softmax,
    mean_nats,
)
from elman.train.nest import map_nest
from elman.train.objective import Batch, Outcome, Scores

__all__ = ["ClassifyRun", "ClassifyTraining"]

NAMED = {"lines": "text", "files": "input"}
"""What an input is called in JSON and CSV, by what the kind takes."""


class ClassifyTraining(KindTraining[ClassifyTask, Kind[Any], SequenceClassifier]):
    """The training of a classifier.

    Raises:
        DataError: If the data cannot be read or learned from; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    config = ClassifyTask

    def __init__(
        self,
        task: ClassifyTask,
        kind: Kind[Any],
        sets: Sets,
        model: SequenceClassifier,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, kind, sets, model, run, resume=resume)
        self.batches = kind.batches(sets.train, task.train)
        self.weights = class_weights(task, sets)

    @classmethod
    def kind_of(cls, name: str) -> type[Kind[Any]]:
        """Return the class of a kind."""
        return kind_of(name)

    @classmethod
    def settled(cls, task: ClassifyTask) -> ClassifyTask:
        """Choose the kind of input, and all that depends on it."""
        return settled(task)

    @classmethod
    def check(cls, task: ClassifyTask, sets: Sets) -> None:
        """Refuse weights of classes that are not there."""
        class_weights(task, sets)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        sets, model, kind = self.sets, self.task.model, self.kind
        notes = [
            f"{len(sets.train):,} {kind.noun} to train on, {len(sets.valid):,} to validate, "
            f"{len(sets.test):,} to test",
            *sets.notes,
        ]
        if self.batches.max_tokens is not None and self.task.train.max_tokens is None:
            notes.append(
                f"long {kind.noun}: batches of at most {self.batches.max_tokens:,} {kind.steps} "
                "(--train.max-tokens)"
            )
        counts = np.bincount(sets.train.labels, minlength=len(sets.labels))
        shown = ", ".join(
            f"{label} {count / len(sets.train):.0%}"
            for label, count in itertools.islice(zip(sets.labels, counts, strict=True), 8)
        )
        more = f", ... ({len(sets.labels)} classes)" if len(sets.labels) > 8 else ""
        direction = "both directions" if model.bidirectional else "one direction"
        return [
            ("data", f"{self.task.data}: {'; '.join(notes)}"),
            *kind.about(self.task, sets),
            ("classes", shown + more),
            (
                "network",
                f"{model.cell}, {model.num_layers} x {model.hidden_size} units, {direction}, "
                f"{model.pooling} pooling",
            ),
        ]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        path, prompt = self.run.path, self.kind.prompt()
        return [
            f"elman eval {path} --baselines --html report.html",
            f"elman predict {path} {prompt} --why",
            f"elman predict {path} --file more.csv --format csv",
        ]

    def source(self) -> LabelledBatches:
        """Return the training part as batches."""
        return self.batches

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        inputs, lengths = batch.inputs
        logits = self.model(inputs, lengths)
        nats = F.cross_entropy(logits, batch.targets)
        loss, smoothing = nats, self.task.train.label_smoothing
        if self.weights is not None or smoothing:
            each = F.cross_entropy(
                logits, batch.targets, reduction="none", label_smoothing=smoothing
            )
            weights = 1.0 if self.weights is None else self.weights.to(each)[batch.targets]
            loss = (each * weights).mean()
        return Outcome(loss, nats.detach(), int(lengths.sum()), None)

    def validate(self) -> Scores:
        """Score the held-out part, and set the temperature that fits it."""
        labels = self.sets.valid.labels
        valid = self.sets.valid
        logits = self.kind.logits(self.model, valid, valid.lengths)
        self.model.temperature.fill_(fit_temperature(logits, labels))
        nats = mean_nats(log_softmax(logits), labels)
        scores = class_scores(labels, logits.argmax(-1), self.model.num_classes)
        # Among equals the fewer nats win, by less than one example would change the score.
        tie = 0.5 * nats / (1 + nats) / len(labels)
        criterion = {
            "accuracy": 1 - scores.accuracy + tie,
            "macro_f1": 1 - scores.macro_f1 + tie / len(self.sets.labels),
            "nats": nats,
        }[self.task.train.select]
        metrics = {"accuracy": scores.accuracy, "macro F1": scores.macro_f1}
        return Scores(nats, metrics, criterion)


@dataclass(frozen=True)
class ClassifyRun:
    """A trained classifier, opened from its run directory.

    Example:
        >>> import tempfile
        >>> from elman._config import load_config
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.csv").write_text("text,label\\n" + "so good,yes\\nso bad,no\\n" * 20)
        >>> small = {"data": str(folder / "a.csv"), "model": {"hidden_size": 4}}
        >>> task = load_config(ClassifyTask, None, small)
        >>> events = list(ClassifyTraining.start(task, folder / "run").events())
        >>> run = ClassifyRun.open(folder / "run")
        >>> [prediction.label for prediction in run.classify(["good", "bad"])]
        ['yes', 'no']
    """

    directory: RunDirectory
    task: ClassifyTask
    kind: Kind[Any]
    labels: tuple[str, ...]
    model: SequenceClassifier

    @classmethod
    def open(cls, path: Path) -> ClassifyRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        return cls(*opened(path, ClassifyTraining))

    @property
    def takes(self) -> Literal["lines", "files"]:
        """What `predict` is given."""
        return self.kind.takes

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
            data: Other labelled data, scored whole; ``None``: the run's own.
            split: Which part of the run's own data.
            baselines: Also score simple methods, learned from the training part.
            pictures: Also draw what was found.
            progress: Told how far the work is.

        Raises:
            DataError: If there is nothing to score, or a label was not learned.
        """
        kind, labels = self.kind, self.labels
        own = self.own_sets(progress) if data is None or baselines else None
        examples = self.scored(own, data, split, progress)
        logits = kind.logits(self.model, examples, examples.lengths, progress)
        calibrated = log_softmax(logits, float(self.model.temperature))
        named = f"{split} part of {self.task.data}" if data is None else data
        title = f"{named}, {len(examples):,} {kind.noun}"
        report = report_of(
            title, labels, examples.labels, log_softmax(logits), calibrated, kind.noun
        )
        if own is not None and data is None:
            report = replace(report, notes=own.notes)
        if own is not None and baselines:
            beside = kind.baselines(self.task, labels, data, split, progress)
            report = with_baselines(report, len(labels), examples.labels, beside, own.train.labels)
        if pictures:
            report = replace(report, pictures=self.pictures(examples, calibrated))
        return report

    def scored(
        self, own: Sets | None, data: str | None, split: Split, progress: Progress | None
    ) -> Examples:
        """Return the examples to score."""
        if data is not None:
            return self.kind.examples(self.task, data, self.labels, progress)
        examples: Examples = (own or self.own_sets(progress)).part(split)
        if not len(examples):
            raise DataError(
                f"{self.task.data} has no {split} part: its training was told to hold none out. "
                "Choose another --split, or give other data"
            )
        return examples

    def own_sets(self, progress: Progress | None = None) -> Sets:
        """Return the data that the run was trained on, refused if it has changed."""
        return own_sets(self.directory, self.task, self.kind, progress)

    def pictures(self, examples: Examples, log_probs: Floats) -> tuple[Picture, ...]:
        """Draw what was taken for what, and what the kind has to show."""
        told = log_probs.argmax(-1)
        counts = confusion_matrix(examples.labels, told, len(self.labels))
        own = self.kind.pictures(self.task, examples, log_probs, self.labels)
        own += self.kind.reasons(examples, log_probs, self.labels, self.explained)
        return (confusion_picture(self.labels, counts), *own)

    def classify(self, inputs: Iterable[str], *, chunk: int | None = None) -> Iterator[Prediction]:
        """Yield the class of each input, in order, in memory that does not grow.

        Args:
            inputs: Texts, or names of files, as many as one likes; an empty text is told from
                nothing but the classes' frequencies.
            chunk: Inputs that are read before the first is answered, and sorted by length; None:
                as many as the kind has room for.
        """
        return (prediction for prediction, _ in self.told(inputs, chunk))

    def told(
        self, inputs: Iterable[str], chunk: int | None = None
    ) -> Iterator[tuple[Prediction, Named[Any]]]:
        """Yield the same with what was read."""
        read = self.kind.named(iter(inputs))
        while some := list(itertools.islice(read, chunk or self.kind.chunk)):
            items = [named.item for named in some]
            lengths = [len(item) for item in items]
            logits = self.kind.logits(self.model, items, lengths)
            shares = np.exp(log_softmax(logits, float(self.model.temperature)))
            for named, row in zip(some, shares, strict=True):
                label = self.labels[int(row.argmax())]
                chances = dict(zip(self.labels, row.tolist(), strict=True))
                yield Prediction(named.name, label, chances), named

    def why(self, source: str, label: str | None = None) -> Why:
        """Return what each step of an input contributes to a label, its own if none is given.

        Raises:
            ConfigError: If there is no such label.
            DataError: If the input has no steps.
        """
        return self.explained(next(self.kind.named(iter([source]))), label)

    def explained(self, named: Named[Any], label: str | None = None) -> Why:
        """Return the same for an input that has been read."""
        if not len(named.item):
            raise DataError(f"nothing to explain: there are no {self.kind.steps}")
        batch = self.kind.collate([named.item])
        inputs, lengths = map_nest(lambda tensor: tensor.to(self.model.device), batch)
        with torch.no_grad(), evaluating(self.model):
            features, _ = self.model.features(inputs, lengths)
            best = int(self.model.from_features(features)[0].argmax())
        target = best if label is None else self.labels.index(self.known(label))
        found = integrated_gradients(self.model, features, target)
        contributions = found.contributions.tolist()
        names = self.kind.item_steps(named)
        steps = list(zip(names, contributions, strict=True))
        return Why(self.labels[target], steps, found.score, found.base, found.gap)

    def known(self, label: str) -> str:
        """Return a label, refused if it was not learned."""
        if label not in self.labels:
            raise ConfigError(
                f"no label '{label}'{did_you_mean(label, self.labels) or '.'} "
                f"Known: {', '.join(self.labels)}"
            )
        return label

    def stream(self, steps: Iterable[Step[Any]]) -> Iterator[tuple[str, Floats]]:
        """Yield, for each piece of one sequence, its stamp and the probabilities ``(C,)`` so far.

        The same as `classify` says of the sequence up to there, in memory that does not grow.

        Raises:
            ConfigError: If the network also reads from the end.
        """
        state = self.model.stream(1)
        for step in steps:
            inputs, _ = map_nest(
                lambda tensor: tensor.to(self.model.device), self.kind.collate([step.item])
            )
            with torch.inference_mode(), evaluating(self.model):
                logits, state = self.model.step(inputs, state)
            if len(logits):
                last = logits[-1].float().cpu().numpy()
                yield step.stamp, np.exp(log_softmax(last, float(self.model.temperature)))[0]

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the inputs that a file lists."""
        return self.kind.inputs(path)

    def predict(
        self,
        lines: Iterable[str],
        options: ClassifyPredict,
        write: Callable[[str], None],
        color: bool,
    ) -> None:
        """Write the class of each input, for the command."""
        key = NAMED[self.takes]
        if options.stream:
            for source in lines:
                steps = self.stream(self.kind.arriving(source))
                for text in running(source, steps, self.labels, options, key):
                    write(text)
            return
        told = self.told(lines, 1 if options.why else options.chunk)
        found = (
            (prediction, self.reason(prediction, named) if options.why else None)
            for prediction, named in told
        )
        for text in written(found, self.labels, options, color, key):
            write(text)

    def reason(self, prediction: Prediction, named: Named[Any]) -> Why | None:
        """Return why a label was told, None if there was nothing to tell it from."""
        return self.explained(named, prediction.label) if len(named.item) else None


def class_weights(task: ClassifyTask, sets: Sets) -> torch.Tensor | None:
    """Return the weight of each class in the loss, ``(C,)``; None if all weigh the same."""
    given: Mapping[str, float] = task.train.class_weights
    for label in given:
        if label not in sets.labels:
            raise ConfigError(
                f"train.class_weights: no label '{label}'{did_you_mean(label, sets.labels) or '.'}"
                f" Labels of {task.data}: {', '.join(sets.labels)}"
            )
    if task.train.balanced:
        counts = np.bincount(sets.train.labels, minlength=len(sets.labels))
        return torch.from_numpy(balanced_weights(counts)).float()
    return torch.tensor([given.get(label, 1.0) for label in sets.labels]) if given else None
