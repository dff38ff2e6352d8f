"""How well labels are told: accuracy, F1, confusion, calibration. NumPy alone.

Labels are numbers from 0 to C - 1; probabilities are ``(N, C)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from elman._errors import ShapeError

__all__ = [
    "ClassScores",
    "balanced_weights",
    "calibration_error",
    "class_scores",
    "confusion_matrix",
    "fit_temperature",
    "log_softmax",
    "mean_nats",
]

Floats = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]


def confusion_matrix(labels: ArrayLike, predicted: ArrayLike, num_classes: int) -> Counts:
    """Count what was taken for what.

    Shape:
        - labels, predicted: ``(N,)``
        - returns: ``(C, C)``; row: the true label, column: the predicted one

    Example:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2)
        array([[1, 1],
               [0, 1]])
    """
    true, told = np.asarray(labels, np.int64), np.asarray(predicted, np.int64)
    if true.shape != told.shape:
        raise ShapeError(f"labels {true.shape} and predictions {told.shape} differ in shape")
    cells = np.bincount(true * num_classes + told, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes)


@dataclass(frozen=True)
class ClassScores:
    """How well each class is told, and all of them together.

    What would divide by zero is 0: the precision of a class that is never predicted, the recall
    of one that does not occur.

    Args:
        confusion: ``(C, C)``, as `confusion_matrix` counts.
    """

    confusion: Counts

    @property
    def accuracy(self) -> float:
        """Part of the examples that were labelled rightly."""
        return float(np.trace(self.confusion) / max(1, self.confusion.sum()))

    @property
    def precision(self) -> Floats:
        """``(C,)``: of what was called so, the part that is so."""
        return ratio(np.diag(self.confusion), self.confusion.sum(0))

    @property
    def recall(self) -> Floats:
        """``(C,)``: of what is so, the part that was called so."""
        return ratio(np.diag(self.confusion), self.confusion.sum(1))

    @property
    def f1(self) -> Floats:
        """``(C,)``: the harmonic mean of precision and recall."""
        both = self.confusion.sum(0) + self.confusion.sum(1)
        return ratio(2 * np.diag(self.confusion), both)

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that occur, or are predicted: each counts alike."""
        both = self.confusion.sum(0) + self.confusion.sum(1)
        return float(self.f1[both > 0].mean()) if both.any() else 0.0

    @property
    def support(self) -> Counts:
        """``(C,)``: examples of each class."""
        return np.asarray(self.confusion.sum(1), np.int64)


def class_scores(labels: ArrayLike, predicted: ArrayLike, num_classes: int) -> ClassScores:
    """Score predicted labels.

    Example:
        >>> scores = class_scores([0, 0, 1, 2], [0, 1, 1, 1], 3)
        >>> scores.accuracy, scores.recall, round(scores.macro_f1, 4)
        (0.5, array([0.5, 1. , 0. ]), 0.3889)
    """
    return ClassScores(confusion_matrix(labels, predicted, num_classes))


def ratio(part: ArrayLike, whole: NDArray[Any]) -> Floats:
    """Divide, 0 where there is nothing to divide by."""
    quotient: Floats = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return quotient


def log_softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Return log-probabilities ``(N, C)`` of logits ``(N, C)`` in float64.

    Example:
        >>> np.exp(log_softmax(np.array([[0.0, 0.0]])))
        array([[0.5, 0.5]])
    """
    scaled = np.asarray(logits, np.float64) / temperature
    scaled = scaled - scaled.max(-1, keepdims=True)
    return np.asarray(scaled - np.log(np.exp(scaled).sum(-1, keepdims=True)))


def mean_nats(log_probs: Floats, labels: ArrayLike) -> float:
    """Return the mean of ``-ln p`` of the true labels.

    Example:
        >>> mean_nats(np.log([[0.5, 0.5], [0.25, 0.75]]), [0, 0])
        1.0397
    """
    rows = np.arange(len(log_probs))
    return float(-log_probs[rows, np.asarray(labels, np.int64)].mean())


def calibration_error(probabilities: Floats, labels: ArrayLike, bins: int = 15) -> float:
    r"""Return how far confidence is from accuracy: the expected calibration error.

    .. math::
        \sum_k \frac{n_k}{N} \left| \text{accuracy}_k - \text{confidence}_k \right|

    Examples are binned by the probability of the label that they were given, in bins of equal
    width.

    Source:
        Naeini, Cooper & Hauskrecht 2015, doi:10.1609/aaai.v29i1.9602; Guo et al. 2017,
        arXiv:1706.04599, with 15 bins.

    Example:
        >>> calibration_error(np.array([[0.9, 0.1], [0.9, 0.1]]), [0, 1])
        0.4
    """
    confidence, right = probabilities.max(-1), probabilities.argmax(-1) == np.asarray(labels)
    # (0, 1/15], (1/15, 2/15], ...
    index = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(index, right - confidence, bins)
    return float(np.abs(gaps).sum() / max(1, len(probabilities)))


def fit_temperature(logits: Floats, labels: ArrayLike) -> float:
    r"""Return the temperature whose probabilities :math:`\text{softmax}(z / T)` fit best.

    It changes how sure the predictions are, never which label wins. Searched by golden section
    for the least nats, between 1/20 and 20.

    Source:
        Guo et al. 2017, arXiv:1706.04599, section 4.2.

    Example:
        >>> logits = np.array([[4.0, 0.0]] * 4)  # says 98 %, right 3 times of 4
        >>> temperature = fit_temperature(logits, [0, 0, 0, 1])
        >>> np.exp(log_softmax(logits[0], temperature))
        array([0.75, 0.25])
    """

    def nats(log_temperature: float) -> float:
        return mean_nats(log_softmax(logits, math.exp(log_temperature)), labels)

    # convex in 1 / T, so there is one valley in log T
    low, high, golden = -math.log(20), math.log(20), (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = nats(left), nats(right)
    while high - low > 1e-6:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = nats(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = nats(right)
    return math.exp((low + high) / 2)


def balanced_weights(counts: ArrayLike) -> Floats:
    """Return a weight for each class so that all classes weigh alike, and the mean weight is 1.

    Example:
        >>> balanced_weights([75, 25]).round(2)
        array([0.67, 2.  ])
    """
    sizes = np.asarray(counts, np.float64)
    return ratio(np.full(len(sizes), sizes.sum()), len(sizes) * sizes)
