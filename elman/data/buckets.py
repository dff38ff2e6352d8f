"""Batches of examples of unequal lengths: alike in length, so that little of them is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError

__all__ = ["Buckets", "scoring_batches"]

Indices = NDArray[np.int64]
POOL = 50
"""Batches whose examples are sorted together: more is less padding, fewer is more chance."""


class Buckets:
    """Which examples each batch of each epoch holds; any batch of any epoch by its index.

    Every epoch the examples are shuffled, cut into pools, sorted by length within a pool and cut
    into batches, whose order is shuffled again. A batch depends on ``(seed, epoch, index)``
    alone, so a resumed training needs no other cursor, and all epochs have as many batches.

    Args:
        lengths: Steps of each example, ``(N,)``.
        batch_size: Examples in a batch; the last of an epoch may have fewer.
        seed: Of the order.
        max_tokens: Steps in a batch at most, padding included: batches of long examples then
            hold fewer of them, but always one. Their cuts then stay the same in every epoch.

    Raises:
        DataError: If there is no example.

    Example:
        >>> buckets = Buckets([3, 9, 3, 8], batch_size=2)
        >>> len(buckets), sorted(buckets.rows(0, 0).tolist() + buckets.rows(0, 1).tolist())
        (2, [0, 1, 2, 3])
    """

    def __init__(
        self,
        lengths: Sequence[int] | NDArray[np.integer],
        batch_size: int,
        *,
        seed: int = 0,
        max_tokens: int | None = None,
    ) -> None:
        self._lengths = np.asarray(lengths, np.int64)
        if not len(self._lengths):
            raise DataError("there are no examples to make batches of")
        self._batch_size = batch_size
        self._seed = seed
        self._cuts = None
        if max_tokens is not None:
            order = np.argsort(self._lengths, kind="stable")
            self._cuts = cut_by_tokens(self._lengths[order], batch_size, max_tokens)
        self._count = (
            len(self._cuts) if self._cuts is not None else -(-len(self._lengths) // batch_size)
        )
        self._plan: tuple[int, list[Indices]] | None = None

    def __len__(self) -> int:
        return self._count

    def rows(self, epoch: int, index: int) -> Indices:
        """Return the examples of batch ``index`` of ``epoch``, both from 0."""
        if self._plan is None or self._plan[0] != epoch:
            self._plan = (epoch, self._epoch(epoch))
        return self._plan[1][index]

    def _epoch(self, epoch: int) -> list[Indices]:
        rng = np.random.default_rng([self._seed, epoch])
        order = rng.permutation(len(self._lengths))
        if self._cuts is not None:  # equal lengths change places, so batches differ by epoch
            order = order[np.argsort(self._lengths[order], kind="stable")]
            batches = [order[cut] for cut in self._cuts]
        else:
            size = self._batch_size
            pools = [order[k : k + POOL * size] for k in range(0, len(order), POOL * size)]
            order = np.concatenate([p[np.argsort(self._lengths[p], kind="stable")] for p in pools])
            batches = [order[k : k + size] for k in range(0, len(order), size)]
        return [batches[k] for k in rng.permutation(len(batches))]


def cut_by_tokens(ordered: Indices, batch_size: int, max_tokens: int) -> list[slice]:
    """Cut examples, shortest first, into batches of at most ``max_tokens`` padded steps."""
    cuts, first = [], 0
    for k in range(1, len(ordered) + 1):
        full = k < len(ordered) and (k + 1 - first) * ordered[k] > max_tokens
        if k == len(ordered) or full or k - first == batch_size:
            cuts.append(slice(first, k))
            first = k
    return cuts


def scoring_batches(
    lengths: Sequence[int] | NDArray[np.integer], batch_size: int, max_tokens: int | None = None
) -> Iterator[Indices]:
    """Yield every example once, in batches of like length, the longest first.

    Args:
        lengths: Steps of each example, ``(N,)``.
        batch_size: Examples in a batch at most.
        max_tokens: Steps in a batch at most, padding included; a longer example comes alone.

    Example:
        >>> [rows.tolist() for rows in scoring_batches([3, 9, 4], 2)]
        [[1, 2], [0]]
    """
    sizes = np.asarray(lengths, np.int64)
    order = np.argsort(-sizes, kind="stable")
    first = 0
    while first < len(order):
        longest = max(1, int(sizes[order[first]]))
        most = batch_size if max_tokens is None else min(batch_size, max_tokens // longest)
        yield order[first : first + max(1, most)]
        first += max(1, most)
