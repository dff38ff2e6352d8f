"""What an evaluation of a classifier tells, and what its baselines reach on the same split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.data.labelled import Columns, Examples, read_examples, read_labelled
from elman.models.bag_of_words import BagOfWords, NaiveBayes
from elman.tasks.classify_config import ClassifyTask
from elman.tasks.report import Column, Figure, Report, Table
from elman.tasks.training import Progress
from elman.train.classification import (
    ClassScores,
    Floats,
    calibration_error,
    class_scores,
    mean_nats,
)

__all__ = ["baseline_figures", "report_of"]

WIDEST = 12
"""Classes whose confusion is shown as a matrix; of more, the pairs confused most."""
PENALTIES = (0.3, 1.0, 3.0, 10.0)
"""Of the bag of words; the one that is best on the validation part is taken."""


def report_of(
    title: str,
    labels: Sequence[str],
    true: NDArray[np.int64],
    raw: Floats,
    calibrated: Floats,
) -> Report:
    """Return the report of a classifier.

    Args:
        title: What was scored.
        labels: Names of the classes, C.
        true: The true classes, ``(N,)``.
        raw: Log-probabilities before temperature scaling, ``(N, C)``.
        calibrated: And after it: what predictions say.
    """
    scores = class_scores(true, calibrated.argmax(-1), len(labels))
    figures = (
        Figure("accuracy", scores.accuracy, "%", 2),
        Figure("macro F1", scores.macro_f1, "%", 2),
        Figure("nats", mean_nats(calibrated, true)),
        Figure("calibration error", calibration_error(np.exp(calibrated), true), "%", 2),
        Figure("calibration error, unscaled", calibration_error(np.exp(raw), true), "%", 2),
    )
    return Report(title, figures, tables=(by_class(labels, scores), confusion(labels, scores)))


def by_class(labels: Sequence[str], scores: ClassScores) -> Table:
    """Return precision, recall and F1 of each class."""
    headings = ("class", "precision", "recall", "F1", "texts")
    columns = tuple(Column(name, "%" if name in headings[1:4] else "", 1) for name in headings)
    rows = zip(
        labels,
        scores.precision.tolist(),
        scores.recall.tolist(),
        scores.f1.tolist(),
        scores.support.tolist(),
        strict=True,
    )
    return Table("by class", columns, tuple(rows))


def confusion(labels: Sequence[str], scores: ClassScores) -> Table:
    """Return what was taken for what: the matrix, or of many classes the worst pairs."""
    if len(labels) <= WIDEST:
        columns = (Column("true \\ told"), *map(Column, labels))
        rows = tuple(
            (label, *row) for label, row in zip(labels, scores.confusion.tolist(), strict=True)
        )
        return Table("confusion", columns, rows)
    wrong = scores.confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:WIDEST]
    pairs = [(int(cell) // len(labels), int(cell) % len(labels)) for cell in order]
    worst = tuple((labels[t], labels[p], int(wrong[t, p])) for t, p in pairs if wrong[t, p])
    return Table("confused most", (Column("true"), Column("told"), Column("texts")), worst)


def baseline_figures(
    task: ClassifyTask,
    columns: Columns,
    labels: Sequence[str],
    data: str | None,
    split: str,
    progress: Progress | None,
) -> dict[str, dict[str, float]]:
    """Return what the commonest class, a bag of words and naive Bayes reach.

    They see words, whatever tokens the network sees, and all of a text.
    """
    words = {"tokenizer": "word", "word_split": "plain", "vocab_size": None, "max_length": None}
    text = task.text.model_copy(update=words)
    sets = read_labelled(task.data, text, task.columns, progress=progress)
    scored: Examples = getattr(sets, split)
    if data is not None:
        own = task.columns.model_copy(update=columns._asdict())
        scored = read_examples(data, text, own, sets.tokenizer, labels, progress)
    train, classes, vocabulary = sets.train, len(labels), sets.tokenizer.vocab_size

    def figures(log_probs: Floats) -> dict[str, float]:
        scores = class_scores(scored.labels, log_probs.argmax(-1), classes)
        return {
            "accuracy": scores.accuracy,
            "macro F1": scores.macro_f1,
            "nats": mean_nats(log_probs, scored.labels),
            "calibration error": calibration_error(np.exp(log_probs), scored.labels),
        }

    shares = (np.bincount(train.labels, minlength=classes) + 1.0) / (len(train) + classes)
    commonest = np.tile(np.log(shares), (len(scored), 1))
    counted = NaiveBayes(vocabulary, classes).fit(train.ids, train.starts, train.labels)
    return {
        "bag of words": figures(best_bag(sets.train, sets.valid, vocabulary, classes)(scored)),
        "naive Bayes": figures(counted.log_probs(scored.ids, scored.starts)),
        "commonest class": figures(commonest),
    }


class Bag:
    """A fitted bag of words as a function of examples."""

    def __init__(self, train: Examples, vocabulary: int, classes: int, penalty: float) -> None:
        self._model = BagOfWords(vocabulary, classes, penalty)
        self._model.fit(train.ids, train.starts, train.labels)

    def __call__(self, examples: Examples) -> Floats:
        return self._model.log_probs(examples.ids, examples.starts)


def best_bag(train: Examples, valid: Examples, vocabulary: int, classes: int) -> Bag:
    """Return the bag of words whose penalty fits the validation part best."""
    if not len(valid):
        return Bag(train, vocabulary, classes, 1.0)
    bags = [Bag(train, vocabulary, classes, penalty) for penalty in PENALTIES]
    return min(bags, key=lambda bag: float((bag(valid).argmax(-1) != valid.labels).mean()))
