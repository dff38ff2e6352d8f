"""Pieces as batches: shuffled, each in a key of the moment, one behind the other in rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import DataError
from elman.train.objective import Batch

__all__ = ["Heard", "PieceStream", "Steps", "Wanted", "semitones"]

Steps = NDArray[Any]
"""A piece as a model reads it: event numbers ``(N,)``, or frames ``(N, 88)``."""


class Heard(NamedTuple):
    """What a model hears, as the inputs of a batch.

    Attributes:
        steps: Events ``(B, T)`` or frames ``(B, T, K)``.
        reset: Where a piece begins, ``(B, T)``.
    """

    steps: Tensor
    reset: Tensor


class Wanted(NamedTuple):
    """What should come next, as the targets of a batch.

    Attributes:
        steps: As in `Heard`, one step later.
        mask: Which count, ``(B, T)``: all but the beginning of another piece.
    """

    steps: Tensor
    mask: Tensor


class PieceStream:
    """Windows over rows of pieces; any batch of any epoch by its index.

    Each epoch shuffles the pieces and moves each of them anew. A batch depends on ``(seed, epoch,
    index)`` alone, so a resumed training needs no other cursor; all epochs have as many batches.

    Args:
        pieces: What is read.
        batch_size: Rows.
        length: Steps of a window; fewer where there is too little music for so many.
        seed: Of order and keys.
        moves: Semitones to draw from for each piece.
        moved: Moves a piece.

    Raises:
        DataError: If there are not two steps for each row.
    """

    def __init__(
        self,
        pieces: Sequence[Steps],
        batch_size: int,
        length: int,
        *,
        seed: int,
        moves: Sequence[int],
        moved: Callable[[Steps, int], Steps],
    ) -> None:
        self._pieces, self._rows, self._seed = pieces, batch_size, seed
        self._moves, self._moved = np.array(moves), moved
        self._row = (sum(map(len, pieces)) - 1) // batch_size
        if self._row < 1:
            raise DataError(
                f"{sum(map(len, pieces))} steps of music are too few for {batch_size} rows: give "
                "more pieces, or lower train.batch_size"
            )
        self._length = min(length, self._row)
        self._epoch: tuple[int, Steps, NDArray[np.bool_]] | None = None

    def __len__(self) -> int:
        return self._row // self._length

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``, both from 0."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of an epoch of {len(self)}")
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, *self._lay(epoch))
        _, steps, starts = self._epoch
        first = np.arange(self._rows)[:, None] * self._row + index * self._length
        places = first + np.arange(self._length)  # (B, T)
        return Batch(
            Heard(torch.from_numpy(steps[places]), torch.from_numpy(starts[places])),
            Wanted(torch.from_numpy(steps[places + 1]), torch.from_numpy(~starts[places + 1])),
            fresh=index == 0,
        )

    def _lay(self, epoch: int) -> tuple[Steps, NDArray[np.bool_]]:
        """Return an epoch's steps one behind the other, and where pieces start."""
        random = np.random.default_rng([self._seed, epoch])
        order = random.permutation(len(self._pieces))
        moves = random.choice(self._moves, len(order))
        line = [self._moved(self._pieces[k], int(m)) for k, m in zip(order, moves, strict=True)]
        starts = np.zeros(sum(map(len, line)), np.bool_)
        starts[np.cumsum([0, *(len(piece) for piece in line[:-1])])] = True
        return np.concatenate(line), starts


def semitones(most: int) -> range:
    """Return the moves that reach as many keys as asked for: 6 reaches all 12, each once.

    Example:
        >>> list(semitones(1)), len(semitones(6))
        ([-1, 0, 1], 12)
    """
    return range(-most, most + (most < 6))
