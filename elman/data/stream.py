"""Batches from one long stream of tokens, for training and for exact scoring.

The tokens stand in B rows side by side; a batch is the next window of every row, so the state
that a network ends a window with is the state to start the next one with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import DataError

__all__ = ["Batch", "TokenStream", "Window", "scoring_windows"]

Ids = NDArray[np.integer[Any]]


class Batch(NamedTuple):
    """One window of every row.

    ``inputs`` and ``targets`` are ``(B, T)`` int64, the target of a token being the next one.
    ``fresh``: the rows begin, so start from the zero state.
    """

    inputs: Tensor
    targets: Tensor
    fresh: bool


class Window(NamedTuple):
    """One window to be scored.

    ``inputs`` and ``targets`` are ``(B, T)`` int64; only targets where ``mask (B, T)`` is True
    count. ``fresh``: start from the zero state.
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    fresh: bool


class TokenStream:
    """Windows over rows of one stream; any batch of any epoch by its index.

    A batch depends on ``(seed, epoch, index)`` alone, so a resumed training needs no other
    cursor. All epochs have as many batches.

    Args:
        ids: Tokens ``(N,)``, in memory or mapped from disk.
        batch_size: Rows, B.
        length: Tokens in a window, T. Without ``vary`` each is exactly that long, and fewer than
            T tokens at the end of each row are left out.
        seed: Of the window lengths and shifts.
        vary: Draw window lengths anew each epoch, about ``length``: normal around it with a
            deviation of 5, one in twenty around half of it, then scaled to fill the row exactly.
        shift: Begin each epoch but the first up to T tokens further on, so that windows do not
            always break at the same places.

    Raises:
        DataError: If the tokens do not fill one window of every row.

    Source:
        Varying lengths: Merity, Keskar & Socher 2018, arXiv:1708.02182.

    Example:
        >>> stream = TokenStream(np.arange(21, dtype=np.uint8), batch_size=2, length=5)
        >>> len(stream)
        2
        >>> stream.batch(0, 1).inputs
        tensor([[ 5,  6,  7,  8,  9],
                [15, 16, 17, 18, 19]])
    """

    def __init__(
        self,
        ids: Ids,
        batch_size: int,
        length: int,
        *,
        seed: int = 0,
        vary: bool = False,
        shift: bool = False,
    ) -> None:
        if batch_size < 1 or length < 1:
            raise DataError(
                f"batch_size and length must be at least 1, got {batch_size} and {length}"
            )
        needed = batch_size * length + 1
        if len(ids) < needed:
            raise DataError(
                f"the text has {len(ids)} tokens, but one batch of {batch_size} rows of {length} "
                f"needs {needed}. Give a longer text, or lower the batch size or the length"
            )
        self._ids = ids
        self._batch_size = batch_size
        self._length = length
        self._seed = seed
        self._vary = vary
        # A shift must leave room for one window of every row.
        self._most_shift = min(length, len(ids) - needed) if shift else 0
        self._row = (len(ids) - 1 - self._most_shift) // batch_size
        self._layout: tuple[int, Ids, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return self._row // self._length

    def batch(self, epoch: int, index: int) -> Batch:
        """Return one batch.

        Raises:
            IndexError: If ``index`` is not in ``range(len(self))``.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of an epoch of {len(self)}")
        rows, edges = self._epoch(epoch)
        window = rows[:, edges[index] : edges[index + 1] + 1].astype(np.int64)  # (B, T + 1)
        return Batch(
            torch.from_numpy(window[:, :-1].copy()),
            torch.from_numpy(window[:, 1:].copy()),
            fresh=index == 0,
        )

    def _epoch(self, epoch: int) -> tuple[Ids, NDArray[np.int64]]:
        """Return an epoch's rows ``(B, R + 1)``, without copying, and the windows' edges."""
        if self._layout is None or self._layout[0] != epoch:
            random = np.random.default_rng([self._seed, epoch])
            start = int(random.integers(self._most_shift + 1)) if epoch else 0
            step = self._ids.strides[0]
            # Neighbouring rows share one token: the last target of one is the next one's first.
            rows = np.lib.stride_tricks.as_strided(
                self._ids[start:],
                (self._batch_size, self._row + 1),
                (self._row * step, step),
                writeable=False,
            )
            self._layout = (epoch, rows, self._edges(random))
        return self._layout[1:]

    def _edges(self, random: np.random.Generator) -> NDArray[np.int64]:
        count = len(self)
        if not self._vary:
            return np.arange(count + 1) * self._length
        base = np.where(random.random(count) < 0.05, self._length / 2, self._length)
        drawn = np.maximum(random.normal(base, 5.0), min(5, self._length))
        edges = np.concatenate([[0.0], np.cumsum(drawn)])
        # At least one token each, the rest by the drawn lengths; the last edge is the row's end.
        spare = np.rint(edges / edges[-1] * (self._row - count))
        return np.asarray(spare + np.arange(count + 1), np.int64)


def scoring_windows(ids: Ids, batch: int = 1, length: int = 512) -> Iterator[Window]:
    """Return windows in which every token but the first is a counted target exactly once.

    With one row each token is predicted from all that precede it, if the state is carried. With
    more, the stream is cut into rows that run side by side; each begins without memory, and its
    first target is predicted from one token alone.

    Args:
        ids: Tokens ``(N,)``.
        batch: Rows, at most ``N - 1`` of them.
        length: Most tokens in a window; it changes the speed, not what is counted.

    Raises:
        DataError: If there are fewer than two tokens, so nothing to predict.

    Example:
        >>> [w.targets[w.mask].tolist() for w in scoring_windows(np.arange(6), 2, 2)]
        [[1, 2, 3, 4], [5]]
    """
    if batch < 1 or length < 1:
        raise DataError(f"batch and length must be at least 1, got {batch} and {length}")
    predictions = len(ids) - 1
    if predictions < 1:
        raise DataError(f"the text has {len(ids)} tokens; scoring needs at least 2")
    batch = min(batch, predictions)
    # Row b scores the targets in (edges[b], edges[b + 1]]: lengths differ by at most one.
    edges = np.arange(batch + 1) * predictions // batch
    longest = math.ceil(predictions / batch)
    for begin in range(0, longest, length):
        steps = np.arange(begin, min(begin + length, longest))
        places = edges[:-1, None] + steps  # (B, T)
        mask = places < edges[1:, None]
        places = np.minimum(places, predictions - 1)  # past the end nothing counts
        yield Window(
            torch.from_numpy(ids[places].astype(np.int64)),
            torch.from_numpy(ids[places + 1].astype(np.int64)),
            torch.from_numpy(mask),
            fresh=begin == 0,
        )
