"""Pairs of text as batches of ids, and the vocabularies between the two."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import DataError
from elman._run import RunDirectory
from elman.data.buckets import Buckets
from elman.data.padding import pad
from elman.data.pairs import Pair
from elman.data.pairs_config import SequenceConfig
from elman.data.sentence import learn_tokenizer, sentence_ids, usual_tokenizer
from elman.data.tokenizer import Tokenizer, tokenizer_from_json
from elman.tasks.translate.config import TranslateTask
from elman.train.objective import Batch

__all__ = ["PADDING", "Example", "PairBatches", "Vocabularies", "tensors", "with_tokenizers"]

PADDING = -1
"""A target that is not scored."""
SOURCE, TARGET = "tokenizer.json", "target_tokenizer.json"

Sequence64 = NDArray[np.int64]
Example = tuple[Sequence64, Sequence64]
"""Ids of source and target, each with its end."""


@dataclass(frozen=True)
class Vocabularies:
    """The tokenizers of both sides; each side has one token more, its end."""

    source: Tokenizer
    target: Tokenizer

    @classmethod
    def learn(cls, pairs: Sequence[Pair], task: TranslateTask) -> Vocabularies:
        """Learn both tokenizers from the training pairs."""
        task = with_tokenizers(task, pairs)
        sources, targets = (source for source, _ in pairs), (target for _, target in pairs)
        if task.pairs.shared_vocabulary:
            both = learn_tokenizer(itertools.chain(sources, targets), task.text)
            return cls(both, both)
        return cls(learn_tokenizer(sources, task.text), learn_tokenizer(targets, task.target_text))

    @classmethod
    def read(cls, run: RunDirectory) -> Vocabularies:
        """Read both from a run directory."""
        source, target = (tokenizer_from_json(run.read(n).decode()) for n in (SOURCE, TARGET))
        return cls(source, target)

    def files(self) -> dict[str, bytes]:
        """Return both as files of a run directory."""
        return {SOURCE: self.source.to_json().encode(), TARGET: self.target.to_json().encode()}

    def source_ids(self, text: str) -> Sequence64:
        """Return the ids of a source with its end; of an empty one the end alone."""
        return ended(sentence_ids(self.source, text), self.source.vocab_size)

    def target_ids(self, text: str) -> Sequence64:
        """Return the ids of a target with its end."""
        return ended(sentence_ids(self.target, text), self.target.vocab_size)

    def examples(self, pairs: Sequence[Pair]) -> list[Example]:
        """Return pairs as ids."""
        return [(self.source_ids(source), self.target_ids(target)) for source, target in pairs]


def with_tokenizers(task: TranslateTask, pairs: Sequence[Pair]) -> TranslateTask:
    """Return a task that names its tokenizers: the usual ones of these pairs where it did not."""
    sides: list[list[str]] = [list(side) for side in zip(*pairs, strict=True)]
    if task.pairs.shared_vocabulary:
        sides = [[*sides[0], *sides[1]]] * 2

    def named(config: SequenceConfig, texts: list[str]) -> SequenceConfig:
        return config.model_copy(update={"tokenizer": config.tokenizer or usual_tokenizer(texts)})

    text, target = named(task.text, sides[0]), named(task.target_text, sides[1])
    return task.model_copy(update={"text": text, "target_text": target})


def ended(ids: NDArray[Any], end: int) -> Sequence64:
    """Return ids with the end behind them."""
    return np.append(ids.astype(np.int64), end)


def tensors(examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Return sources ``(B, S)``, their lengths ``(B,)`` and targets ``(B, T)``, padded."""
    source, lengths = pad([source for source, _ in examples])
    return source, lengths, pad([target for _, target in examples], PADDING)[0]


class PairBatches:
    """Training pairs as batches by number, with the part of true tokens of the moment.

    Args:
        examples: As ids; those longer than ``pairs.max_length`` are left out and counted.
        task: The limits of a batch, the seed and the schedule of teacher forcing.

    Raises:
        DataError: If no pair is short enough.
    """

    def __init__(self, examples: Sequence[Example], task: TranslateTask) -> None:
        most, config = task.pairs.max_length, task.train
        self._config = config
        self._examples = [e for e in examples if max(len(e[0]), len(e[1])) <= most + 1]
        self.left_out = len(examples) - len(self._examples)
        if not self._examples:
            raise DataError(
                f"no pair has at most {most} tokens on both sides; raise pairs.max_length, or "
                "cut into larger tokens"
            )
        # both sides count: the encoder reads one, the decoder the other
        self.lengths = np.array([max(len(s), len(t)) for s, t in self._examples], np.int64)
        self._buckets = Buckets(
            self.lengths, config.batch_size, seed=config.seed, max_tokens=config.max_tokens
        )

    def __len__(self) -> int:
        return len(self._buckets)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``: inputs are sources, lengths and the forcing."""
        rows = self._buckets.rows(epoch, index)
        source, lengths, targets = tensors([self._examples[row] for row in rows])
        forced = torch.tensor(self._config.forced(epoch + index / len(self)))
        return Batch((source, lengths, forced), targets, fresh=True)
