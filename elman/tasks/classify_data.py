"""Labelled texts as batches, and what a classifier says of many of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman.data.buckets import Buckets, scoring_batches
from elman.data.labelled import Examples
from elman.data.padding import pad
from elman.data.tokenizer import Ids
from elman.models.classifier import SequenceClassifier
from elman.models.generate import evaluating
from elman.train.config import ExampleTrainConfig
from elman.train.objective import Batch

__all__ = ["LabelledBatches", "logits_of", "tensors"]

MAX_TOKENS = 1 << 16
"""Steps in one batch, padding included, where nobody says otherwise: what bounds memory."""
SCORED = 256
"""Texts scored at once, at most."""


class LabelledBatches:
    """Labelled texts as batches by number, of like length.

    Args:
        examples: The texts.
        config: Sizes of a batch, and the seed.
    """

    def __init__(self, examples: Examples, config: ExampleTrainConfig) -> None:
        self._examples = examples
        longest = int(examples.lengths.max(initial=1))
        most = config.max_tokens
        if most is None and config.batch_size * longest > MAX_TOKENS:
            most = MAX_TOKENS
        self.max_tokens = most
        self._buckets = Buckets(
            examples.lengths, config.batch_size, seed=config.seed, max_tokens=most
        )

    def __len__(self) -> int:
        return len(self._buckets)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``: inputs are tokens and lengths, targets labels."""
        rows = self._buckets.rows(epoch, index)
        targets = torch.from_numpy(self._examples.labels[rows])
        return Batch(tensors(self._examples[rows]), targets, fresh=True)


def tensors(rows: Sequence[Ids]) -> tuple[Tensor, Tensor]:
    """Return texts as tokens ``(B, T)``, T at least 1, and lengths ``(B,)``."""
    tokens, lengths = pad(rows)
    return (tokens if tokens.shape[1] else tokens.new_zeros(len(rows), 1)), lengths


@torch.inference_mode()
def logits_of(
    model: SequenceClassifier,
    texts: Sequence[Ids] | Examples,
    progress: Callable[[int, int, str], None] | None = None,
) -> NDArray[np.float32]:
    """Return the logits ``(N, C)`` of texts, in their order; the model as in evaluation."""
    lengths = [len(texts[k]) for k in range(len(texts))]
    logits = np.empty((len(texts), model.num_classes), np.float32)
    done = 0
    with evaluating(model):
        for rows in scoring_batches(lengths, SCORED, MAX_TOKENS):
            tokens, sizes = tensors([texts[int(k)] for k in rows])
            logits[rows] = model(tokens.to(model.device), sizes.to(model.device)).float().cpu()
            done += len(rows)
            if progress is not None:
                progress(done, len(texts), "scoring")
    return logits
