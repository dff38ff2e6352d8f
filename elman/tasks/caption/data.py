"""Captioned clips as batches, and the words that captions are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman.data.buckets import Buckets
from elman.data.padding import pad
from elman.data.sentence import learn_tokenizer, sentence_ids, usual_tokenizer
from elman.data.tokenizer import Tokenizer
from elman.data.video.batch import packed
from elman.data.video.captions import Told
from elman.data.video.sampling import Clip
from elman.tasks.caption.config import CaptionTask
from elman.train.objective import Batch

__all__ = [
    "CaptionBatches",
    "Frames",
    "caption_ids",
    "collate",
    "learn_words",
    "most_frames",
    "targets_of",
    "with_tokenizer",
]

PADDING = -1
"""A target that is not scored."""
MOST_PIXELS = 4096 * 48 * 48
"""Pixels in one batch where nobody says otherwise: what bounds memory."""

Frames = tuple[tuple[Tensor, Tensor], Tensor]
"""What a captioner reads: the packed frames and their lengths, and the lengths again."""


def with_tokenizer(task: CaptionTask, told: Told) -> CaptionTask:
    """Return a task that names its tokenizer: the usual one of these captions if it did not."""
    texts = (text for some in told.captions for text in some)
    text = {"tokenizer": task.text.tokenizer or usual_tokenizer(texts)}
    return task.model_copy(update={"text": task.text.model_copy(update=text)})


def learn_words(task: CaptionTask, told: Told) -> Tokenizer:
    """Learn the tokenizer from the captions of the training part."""
    return learn_tokenizer((text for some in told.captions for text in some), task.text)


def caption_ids(tokenizer: Tokenizer, text: str) -> NDArray[np.int64]:
    """Return the ids of a caption and the end behind them."""
    return np.append(sentence_ids(tokenizer, text).astype(np.int64), tokenizer.vocab_size)


def collate(
    clips: Sequence[Clip], task: CaptionTask, rng: np.random.Generator | None = None
) -> Frames:
    """Return clips as the captioner reads them; in training altered by chance."""
    batch = packed(clips, task.video, rng)
    lengths = torch.from_numpy(batch.lengths)
    return (torch.from_numpy(batch.frames), lengths), lengths


def targets_of(tokenizer: Tokenizer, texts: Sequence[str]) -> Tensor:
    """Return captions as targets ``(B, L)``, padded."""
    return pad([caption_ids(tokenizer, text) for text in texts], PADDING)[0]


def most_frames(task: CaptionTask, shape: Sequence[int]) -> int:
    """Return how many frames a batch may have.

    Args:
        task: What was configured.
        shape: Of one frame, ``(H, W, C)``, or ``(E,)`` of saved features.
    """
    pixels = int(np.prod(shape[:2])) if len(shape) > 1 else int(shape[0])
    return task.train.max_tokens or max(1, MOST_PIXELS // pixels)


class CaptionBatches:
    """Training clips as batches by number, each with one of its captions, drawn anew every epoch.

    Args:
        told: The clips and their captions.
        tokenizer: Of the captions.
        task: The limits of a batch, the seed, and how clips are altered.
        shape: Of one frame.
    """

    def __init__(
        self, told: Told, tokenizer: Tokenizer, task: CaptionTask, shape: Sequence[int]
    ) -> None:
        self._clips, self._task = told.clips, task
        self._targets: list[list[Any]] = [
            [caption_ids(tokenizer, text) for text in some] for some in told.captions
        ]
        train = task.train
        longest = int(told.clips.lengths.max())
        most: int | None = most_frames(task, shape)
        if train.max_tokens is None and train.batch_size * longest <= (most or 0):
            most = None  # then batches of all lengths are equally large
        self._buckets = Buckets(
            told.clips.lengths, train.batch_size, seed=train.seed, max_tokens=most
        )

    def __len__(self) -> int:
        return len(self._buckets)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``, the same for the same numbers, from any thread."""
        rng = np.random.default_rng([self._task.train.seed, epoch, index])
        rows = [int(row) for row in self._buckets.rows(epoch, index)]
        inputs = collate([self._clips[row] for row in rows], self._task, rng)
        drawn = [some[rng.integers(len(some))] for some in (self._targets[row] for row in rows)]
        return Batch(inputs, pad(drawn, PADDING)[0], fresh=True)
