"""Labelled sequences as batches, and what a classifier says of many of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman.data.buckets import Buckets, scoring_batches
from elman.models.classifier import SequenceClassifier
from elman.models.generate import evaluating
from elman.tasks.classify.examples import Examples
from elman.tasks.kind import MOST_STEPS
from elman.tasks.training import Progress
from elman.train.config import ExampleTrainConfig
from elman.train.nest import map_nest
from elman.train.objective import Batch

__all__ = ["LabelledBatches", "logits_of"]

Collate = Callable[..., tuple[Any, Tensor]]
"""`Kind.collate`."""
SCORED = 256
"""Sequences scored at once, at most."""


class LabelledBatches:
    """Labelled sequences as batches by number, of like length.

    Args:
        collate: Lays items into a batch: what the model takes, and lengths.
        examples: The sequences.
        config: Sizes of a batch, and the seed.
        most_steps: Steps in one batch, padding included, where `config` says nothing.
    """

    def __init__(
        self,
        collate: Collate,
        examples: Examples,
        config: ExampleTrainConfig,
        most_steps: int = MOST_STEPS,
    ) -> None:
        self._collate, self._examples, self._seed = collate, examples, config.seed
        longest = int(examples.lengths.max(initial=1))
        most = config.max_tokens
        if most is None and config.batch_size * longest > most_steps:
            most = most_steps
        self.max_tokens = most
        self._buckets = Buckets(
            examples.lengths, config.batch_size, seed=config.seed, max_tokens=most
        )

    def __len__(self) -> int:
        return len(self._buckets)

    def rows(self, epoch: int, index: int) -> NDArray[np.int64]:
        """Return which examples batch ``index`` of ``epoch`` has."""
        return self._buckets.rows(epoch, index)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``: inputs and lengths, targets are labels."""
        rows = self.rows(epoch, index)
        rng = np.random.default_rng([self._seed, epoch, index])
        inputs = self._collate([self._examples[int(k)] for k in rows], rng)
        return Batch(inputs, torch.from_numpy(self._examples.labels[rows]), fresh=True)


@torch.inference_mode()
def logits_of(
    collate: Collate,
    model: SequenceClassifier,
    items: Sequence[Any] | Examples,
    lengths: Sequence[int] | NDArray[np.int64],
    progress: Progress | None = None,
    most_steps: int = MOST_STEPS,
) -> NDArray[np.float32]:
    """Return the logits ``(N, C)`` of sequences, in their order; the model as in evaluation."""
    logits = np.empty((len(items), model.num_classes), np.float32)
    done = 0
    with evaluating(model):
        for rows in scoring_batches(lengths, SCORED, most_steps):
            batch = collate([items[int(k)] for k in rows])
            inputs, sizes = map_nest(lambda tensor: tensor.to(model.device), batch)
            logits[rows] = model(inputs, sizes).float().cpu()
            done += len(rows)
            if progress is not None:
                progress(done, len(items), "scoring")
    return logits
