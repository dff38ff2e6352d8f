"""Batches made ready by a few threads while the training computes; in order, the same every time.

What a batch is depends on its number alone, so neither the threads' pace nor a resume changes
anything. Decoders and NumPy let go of the interpreter while they work.
"""

from __future__ import annotations

import weakref
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, Protocol, TypeVar

__all__ = ["Ahead", "Numbered"]

B_co = TypeVar("B_co", covariant=True)
B = TypeVar("B")


class Numbered(Protocol[B_co]):
    """Batches by number, the same for the same number, from any thread."""

    def __len__(self) -> int:
        """Batches of an epoch."""
        ...

    def batch(self, epoch: int, index: int) -> B_co:
        """Return batch ``index`` of ``epoch``, both from 0."""
        ...


class Ahead(Generic[B]):
    """A source whose next batches are made while the last one is used.

    At most ``threads + 1`` batches are held. The threads end with this object; at the end of the
    program at the latest, each after the batch that it is at.

    Args:
        source: Where batches come from.
        threads: That work at once.

    Example:
        >>> class Squares:
        ...     def __len__(self):
        ...         return 3
        ...     def batch(self, epoch, index):
        ...         return index * index
        >>> with Ahead(Squares(), threads=2) as ahead:
        ...     [ahead.batch(0, k) for k in range(len(ahead))]
        [0, 1, 4]
    """

    def __init__(self, source: Numbered[B], threads: int) -> None:
        self._source, self._threads = source, threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="elman-video")
        self._coming: dict[tuple[int, int], Future[B]] = {}
        # not a bound method: that would keep this object alive
        self._end = weakref.finalize(self, self._pool.shutdown, wait=False, cancel_futures=True)

    def __len__(self) -> int:
        return len(self._source)

    def __enter__(self) -> Ahead[B]:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def batch(self, epoch: int, index: int) -> B:
        """Return a batch, and let the threads begin those that follow it in its epoch.

        Raises:
            BrokenClip: If a clip of it cannot be read any more; or whatever the source raises.
        """
        wanted = [
            (epoch, k)
            for k in range(index, min(index + 1 + self._threads, len(self)))
        ]  # fmt: skip
        for place in [place for place in self._coming if place not in wanted]:
            wait([self._coming.pop(place)])  # asked for out of order: what was begun is no use
        for place in wanted:
            if place not in self._coming:
                self._coming[place] = self._pool.submit(self._source.batch, *place)
        return self._coming.pop((epoch, index)).result()

    def close(self) -> None:
        """Drop what was begun and end the threads; wait until they have."""
        self._coming.clear()
        self._end.detach()
        self._pool.shutdown(wait=True, cancel_futures=True)
