"""Classifying texts: train on labelled ones, score, tell the class of new ones, and say why.

Here the columns meet: a table from `data`, a classifier from `models`, the loop from `train`.
How predictions are written is in `classify_text.py`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from elman._errors import ConfigError, DataError, RunError, did_you_mean
from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.labelled import (
    Columns,
    Examples,
    LabelledSets,
    read_examples,
    read_labelled,
    read_texts,
    with_tokenizer,
)
from elman.data.sentence import sentence_ids
from elman.data.tokenizer import Tokenizer, tokenizer_from_json
from elman.models.attribution import integrated_gradients
from elman.models.classifier import SequenceClassifier, token_classifier
from elman.models.save import load_model
from elman.tasks.classify_config import ClassifyPredict, ClassifyTask
from elman.tasks.classify_data import LabelledBatches, logits_of, tensors
from elman.tasks.classify_report import baseline_figures, report_of
from elman.tasks.classify_text import Prediction, Why, pieces_of, written
from elman.tasks.report import Report
from elman.tasks.training import (
    CONFIG,
    MODEL,
    Progress,
    TaskTraining,
    absolute,
    config_bytes,
    read_config,
)
from elman.train.classification import (
    balanced_weights,
    class_scores,
    fit_temperature,
    log_softmax,
    mean_nats,
)
from elman.train.objective import Batch, Outcome, Scores

__all__ = ["ClassifyRun", "ClassifyTraining"]

Split = Literal["train", "valid", "test"]
TOKENIZER, LABELS, DATA = "tokenizer.json", "labels.json", "data.json"


class ClassifyTraining(TaskTraining[ClassifyTask]):
    """The training of a classifier.

    Raises:
        DataError: If the table cannot be read or learned from; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    def __init__(
        self,
        task: ClassifyTask,
        sets: LabelledSets,
        model: SequenceClassifier,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.model: SequenceClassifier = model
        self.sets = sets
        self.batches = LabelledBatches(sets.train, task.train)
        self.weights = class_weights(task, sets)
        self.validates = len(sets.valid) > 0

    @classmethod
    def start(
        cls, task: ClassifyTask, out: Path, progress: Progress | None = None
    ) -> ClassifyTraining:
        """Read the data and make a new run directory."""
        task = located(task)
        text = with_tokenizer(task.data, task.text, task.columns)
        task = task.model_copy(update={"text": text})  # what is chosen now stays so
        sets = read_labelled(task.data, task.text, task.columns, progress=progress)
        # What cannot work is found before anything is written.
        class_weights(task, sets)
        model = new_model(task, sets.tokenizer, len(sets.labels))
        about = {"fingerprint": sets.fingerprint, "text": sets.columns.text}
        about["label"] = sets.columns.label
        files = {
            CONFIG: config_bytes(task),
            TOKENIZER: sets.tokenizer.to_json().encode(),
            LABELS: json.dumps(sets.labels).encode(),
            DATA: json.dumps(about).encode(),
        }
        return cls(task, sets, model, RunDirectory.create(out, files), resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> ClassifyTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task = read_config(run, ClassifyTask, {"train": changes})
        sets = own_sets(run, task, progress)
        model = new_model(task, sets.tokenizer, len(sets.labels))
        return cls(task, sets, model, run, resume=True)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        sets, model = self.sets, self.task.model
        notes = [
            f"{len(sets.train):,} texts to train on, {len(sets.valid):,} to validate, "
            f"{len(sets.test):,} to test; {sets.tokenizer.vocab_size:,} different tokens "
            f"({self.task.text.tokenizer})"
        ]
        if sets.skipped:
            notes.append(f"{sets.skipped:,} empty rows left out")
        if sets.train.cut:
            limit = self.task.text.max_length
            notes.append(f"{sets.train.cut:,} texts cut at {limit:,} tokens")
        if self.batches.max_tokens is not None and self.task.train.max_tokens is None:
            notes.append(
                f"long texts: batches of at most {self.batches.max_tokens:,} tokens "
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
            ("columns", f"text: {', '.join(sets.columns.text)}; label: {sets.columns.label}"),
            ("classes", shown + more),
            (
                "network",
                f"{model.cell}, {model.num_layers} x {model.hidden_size} units, {direction}, "
                f"{model.pooling} pooling",
            ),
        ]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        path = self.run.path
        return [
            f"elman eval {path} --baselines",
            f"elman predict {path} 'a text of yours' --why",
            f"elman predict {path} --file more.csv --format csv",
        ]

    def source(self) -> LabelledBatches:
        """Return the training part as batches."""
        return self.batches

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        tokens, lengths = batch.inputs
        logits = self.model(tokens, lengths)
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
        logits = logits_of(self.model, self.sets.valid)
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
    tokenizer: Tokenizer
    labels: tuple[str, ...]
    columns: Columns
    model: SequenceClassifier

    @classmethod
    def open(cls, path: Path) -> ClassifyRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task, labels, about = read_config(run, ClassifyTask), read_labels(run), read_about(run)
        tokenizer = tokenizer_from_json(run.read(TOKENIZER).decode())
        model = new_model(task, tokenizer, len(labels))
        load_model(model, run.read(MODEL))
        columns = Columns(tuple(about["text"]), about["label"])
        return cls(run, task, tokenizer, labels, columns, model.eval())

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        baselines: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Score the run on a held-out part of its own data, or on other data.

        Args:
            data: Another table, scored whole; ``None``: the run's own data.
            split: Which part of the run's own data.
            baselines: Also score what needs no order of words, learned from the training part.
            progress: Told how far the work is.

        Raises:
            DataError: If there is nothing to score, or a label was not learned.
        """
        examples = self.examples(data, split, progress)
        logits = logits_of(self.model, examples, progress)
        named = f"{split} part of {self.task.data}" if data is None else data
        report = report_of(
            f"{named}, {len(examples):,} texts",
            self.labels,
            examples.labels,
            log_softmax(logits),
            log_softmax(logits, float(self.model.temperature)),
        )
        if not baselines:
            return report
        found = baseline_figures(self.task, self.columns, self.labels, data, split, progress)
        return replace(report, baselines=found)

    def examples(self, data: str | None, split: Split, progress: Progress | None) -> Examples:
        """Return the examples to score."""
        if data is not None:
            own = self.task.columns.model_copy(update=self.columns._asdict())
            return read_examples(data, self.task.text, own, self.tokenizer, self.labels, progress)
        examples: Examples = getattr(own_sets(self.directory, self.task, progress), split)
        if not len(examples):
            raise DataError(
                f"{self.task.data} has no {split} part: its training was told to hold none out. "
                "Choose another --split, or give a table"
            )
        return examples

    def classify(self, texts: Iterable[str], *, chunk: int = 1024) -> Iterator[Prediction]:
        """Yield the class of each text, in order, in memory that does not grow.

        Args:
            texts: As many as one likes; an empty one is told from nothing but the classes'
                frequencies.
            chunk: Texts that are read before the first is answered, and sorted by length.
        """
        texts = iter(texts)
        while some := list(itertools.islice(texts, chunk)):
            ids = [self.ids(text) for text in some]
            logits = logits_of(self.model, ids)
            log_probs = log_softmax(logits, float(self.model.temperature))
            for text, row in zip(some, np.exp(log_probs), strict=True):
                best = int(row.argmax())
                yield Prediction(
                    text, self.labels[best], dict(zip(self.labels, row.tolist(), strict=True))
                )

    def why(self, text: str, label: str | None = None) -> Why:
        """Return what each token of a text contributes to a label, its own if none is given.

        Raises:
            ConfigError: If there is no such label.
            DataError: If the text has no tokens.
        """
        ids = self.ids(text)
        if not len(ids):
            raise DataError("an empty text has no tokens that could contribute anything")
        if label is None:
            target = int(logits_of(self.model, [ids])[0].argmax())
        elif label in self.labels:
            target = self.labels.index(label)
        else:
            raise ConfigError(
                f"no label '{label}'{did_you_mean(label, self.labels) or '.'} "
                f"Known: {', '.join(self.labels)}"
            )
        tokens, _ = tensors([ids])
        with torch.no_grad():
            features = self.model.frontend(tokens.to(self.model.device))
        found = integrated_gradients(self.model, features, target)
        pieces = pieces_of(self.tokenizer, text)[: len(ids)]
        return Why(
            self.labels[target],
            list(zip(pieces, found.contributions.tolist(), strict=True)),
            found.score,
            found.base,
            found.gap,
        )

    def ids(self, text: str) -> NDArray[np.unsignedinteger[Any]]:
        """Return the tokens of a text, as many as are read."""
        return sentence_ids(self.tokenizer, text)[: self.task.text.max_length]

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the texts of a file: of a table those of the columns trained on, else its lines."""
        own = self.task.columns.model_copy(update={"label": None, "text": self.columns.text})
        return read_texts(str(path), own, self.task.text.encoding)

    def predict(
        self, lines: Iterable[str], options: ClassifyPredict, write: Any, color: bool
    ) -> None:
        """Write the class of each line, for the command."""
        found = self.classify(lines, chunk=1 if options.why else options.chunk)
        for text in written(found, self.labels, options, self.why if options.why else None, color):
            write(text)


def new_model(task: ClassifyTask, tokenizer: Tokenizer, classes: int) -> SequenceClassifier:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    return token_classifier(tokenizer.vocab_size, classes, task.model, tokenizer.unk_id)


def class_weights(task: ClassifyTask, sets: LabelledSets) -> torch.Tensor | None:
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


def located(task: ClassifyTask) -> ClassifyTask:
    """Return a task whose files are named from the root, so that it can resume from anywhere."""

    def place(name: str | None) -> str | None:
        return absolute(name, is_known)

    text = task.text.model_copy(
        update={"valid": place(task.text.valid), "test": place(task.text.test)}
    )
    return task.model_copy(update={"data": place(task.data), "text": text})


def read_labels(run: RunDirectory) -> tuple[str, ...]:
    """Return the labels of a run; the file is not trusted."""
    try:
        labels = json.loads(run.read(LABELS))
    except (ValueError, RecursionError):
        labels = None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise RunError(f"{run.path / LABELS} is damaged. Restore it from a copy")
    return tuple(labels)


def read_about(run: RunDirectory) -> dict[str, Any]:
    """Return what a run knows of its data; the file is not trusted."""
    try:
        about = json.loads(run.read(DATA))
        sound = isinstance(about["label"], str) and isinstance(about["fingerprint"], str)
        sound = sound and bool(about["text"]) and all(isinstance(c, str) for c in about["text"])
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise RunError(f"{run.path / DATA} is damaged. Restore it from a copy")
    return dict(about)


def own_sets(run: RunDirectory, task: ClassifyTask, progress: Progress | None) -> LabelledSets:
    """Return the data that a run was started with, refused if it has changed.

    Raises:
        DataError: If any token or label is another.
    """
    tokenizer = tokenizer_from_json(run.read(TOKENIZER).decode())
    sets = read_labelled(task.data, task.text, task.columns, tokenizer=tokenizer, progress=progress)
    if sets.fingerprint != read_about(run)["fingerprint"]:
        raise DataError(
            f"{task.data} is not what {run.path} was trained on: it, or a file beside it, has "
            "changed. Restore it, or train anew"
        )
    return sets
