r"""What can be said of a sequence without its order: the baselines of a classifier.

.. math::
    p(c \mid x) = \text{softmax}\Big(b + \sum_{w \in x} W_w\Big)_c

over the different tokens w of the sequence. A network that does not beat this has not used the
order. Sequences are rows of ids, ``ids[starts[k]:starts[k + 1]]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["BagOfWords", "NaiveBayes"]

Ids = NDArray[np.integer[Any]]
Starts = NDArray[np.int64]
Labels = NDArray[np.int64]


class BagOfWords:
    """Logistic regression on which tokens occur, with an L2 penalty.

    Args:
        vocab_size: Tokens, V.
        num_classes: Classes, C.
        penalty: Weight of half the squared norm, against the summed nats of all examples; 1 is
            the usual start.

    Example:
        >>> ids, starts = np.array([0, 1, 0, 2, 1, 2]), np.array([0, 2, 4, 5, 6])
        >>> model = BagOfWords(3, 2).fit(ids, starts, np.array([0, 1, 0, 1]))
        >>> model.log_probs(ids, starts).argmax(1)
        array([0, 1, 0, 1])
    """

    def __init__(self, vocab_size: int, num_classes: int, penalty: float = 1.0) -> None:
        self.penalty = penalty
        self.weight = torch.zeros(vocab_size, num_classes, requires_grad=True)
        self.bias = torch.zeros(num_classes, requires_grad=True)

    def fit(self, ids: Ids, starts: Starts, labels: Labels) -> BagOfWords:
        """Find the minimum, which is one alone, by L-BFGS."""
        found, offsets = occurring(ids, starts)
        targets = torch.from_numpy(np.asarray(labels, np.int64))
        optimizer = torch.optim.LBFGS(
            [self.weight, self.bias], max_iter=200, line_search_fn="strong_wolfe"
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            nats = F.cross_entropy(self._logits(found, offsets), targets, reduction="sum")
            total = (nats + 0.5 * self.penalty * self.weight.square().sum()) / len(targets)
            total.backward()  # type: ignore[no-untyped-call]
            return total

        with torch.enable_grad():
            optimizer.step(loss)  # type: ignore[no-untyped-call]
        return self

    @torch.no_grad()
    def log_probs(self, ids: Ids, starts: Starts) -> NDArray[np.float32]:
        """Return log-probabilities ``(N, C)`` of sequences."""
        logits = self._logits(*occurring(ids, starts))
        return np.asarray(logits.log_softmax(-1).numpy())

    def _logits(self, found: Tensor, offsets: Tensor) -> Tensor:
        return F.embedding_bag(found, self.weight, offsets, mode="sum") + self.bias


class NaiveBayes:
    """Multinomial naive Bayes: tokens drawn from the class's own frequencies, each plus one.

    Args:
        vocab_size: Tokens, V.
        num_classes: Classes, C.

    Example:
        >>> ids, starts = np.array([0, 0, 1]), np.array([0, 2, 3])
        >>> model = NaiveBayes(2, 2).fit(ids, starts, np.array([0, 1]))
        >>> np.exp(model.log_probs(ids[:1], np.array([0, 1])))
        array([[0.6923, 0.3077]])
    """

    def __init__(self, vocab_size: int, num_classes: int) -> None:
        self.vocab_size, self.num_classes = vocab_size, num_classes

    def fit(self, ids: Ids, starts: Starts, labels: Labels) -> NaiveBayes:
        """Count."""
        label_of = np.repeat(labels, np.diff(starts))  # of each token
        cells = label_of * self.vocab_size + ids.astype(np.int64)
        counts = np.bincount(cells, minlength=self.num_classes * self.vocab_size) + 1.0
        counts = counts.reshape(self.num_classes, -1)
        self._words = np.log(counts / counts.sum(1, keepdims=True))  # (C, V)
        classes = np.bincount(labels, minlength=self.num_classes) + 1.0
        self._classes = np.log(classes / classes.sum())
        return self

    def log_probs(self, ids: Ids, starts: Starts) -> NDArray[np.float64]:
        """Return log-probabilities ``(N, C)`` of sequences."""
        sums = np.zeros((len(starts) - 1, self.num_classes))
        rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        for c, words in enumerate(self._words):
            sums[:, c] = np.bincount(rows, words[ids], len(sums)) + self._classes[c]
        top = sums.max(1, keepdims=True)
        return np.asarray(sums - top - np.log(np.exp(sums - top).sum(1, keepdims=True)))


def occurring(ids: Ids, starts: Starts) -> tuple[Tensor, Tensor]:
    """Return the different tokens of each sequence and where each sequence begins."""
    vocabulary = int(ids.max(initial=0)) + 1
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    pairs = np.unique(rows * vocabulary + ids.astype(np.int64))
    offsets = np.searchsorted(pairs, np.arange(len(starts) - 1) * vocabulary)
    return torch.from_numpy(pairs % vocabulary), torch.from_numpy(offsets)
