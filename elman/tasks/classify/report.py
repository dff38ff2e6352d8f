"""What an evaluation of a classifier tells, and what its baselines reach on the same split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from elman.tasks.report import Column, Figure, Report, Table
from elman.train.classification import (
    ClassScores,
    Floats,
    calibration_error,
    class_scores,
    mean_nats,
)

__all__ = ["report_of", "with_baselines"]

WIDEST = 12
"""Classes whose confusion is shown as a matrix; of more, the pairs confused most."""


def report_of(
    title: str,
    labels: Sequence[str],
    true: NDArray[np.int64],
    raw: Floats,
    calibrated: Floats,
    noun: str = "texts",
) -> Report:
    """Return the report of a classifier.

    Args:
        title: What was scored.
        labels: Names of the classes, C.
        true: The true classes, ``(N,)``.
        raw: Log-probabilities before temperature scaling, ``(N, C)``.
        calibrated: And after it: what predictions say.
        noun: What was scored, in the plural.
    """
    scores = class_scores(true, calibrated.argmax(-1), len(labels))
    figures = (
        Figure("accuracy", scores.accuracy, "%", 2),
        Figure("macro F1", scores.macro_f1, "%", 2),
        Figure("nats", mean_nats(calibrated, true)),
        Figure("calibration error", calibration_error(np.exp(calibrated), true), "%", 2),
        Figure("calibration error, unscaled", calibration_error(np.exp(raw), true), "%", 2),
    )
    return Report(
        title, figures, tables=(by_class(labels, scores, noun), confusion(labels, scores, noun))
    )


def by_class(labels: Sequence[str], scores: ClassScores, noun: str) -> Table:
    """Return precision, recall and F1 of each class."""
    headings = ("class", "precision", "recall", "F1", noun)
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


def confusion(labels: Sequence[str], scores: ClassScores, noun: str) -> Table:
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
    return Table("confused most", (Column("true"), Column("told"), Column(noun)), worst)


def with_baselines(
    report: Report,
    classes: int,
    true: NDArray[np.int64],
    beside: Mapping[str, Floats],
    learned: NDArray[np.int64],
) -> Report:
    """Return a report with the figures of simple methods, of the commonest class at the least.

    Args:
        report: The classifier's.
        classes: C.
        true: The true classes, ``(N,)``.
        beside: The log-probabilities ``(N, C)`` of other methods, by name.
        learned: The labels of the training part, whose shares are the simplest method.
    """
    shares = (np.bincount(learned, minlength=classes) + 1.0) / (len(learned) + classes)
    commonest = np.tile(np.log(shares), (len(true), 1))

    def figures(log_probs: Floats) -> dict[str, float]:
        scores = class_scores(true, log_probs.argmax(-1), classes)
        return {
            "accuracy": scores.accuracy,
            "macro F1": scores.macro_f1,
            "nats": mean_nats(log_probs, true),
            "calibration error": calibration_error(np.exp(log_probs), true),
        }

    every = {**beside, "commonest class": commonest}
    return replace(report, baselines={name: figures(found) for name, found in every.items()})
