"""Series as windows: which are drawn for a batch, and many of them as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman.data.series.series import Series
from elman.models.forecaster import Window
from elman.tasks.forecast.config import ForecastTrainConfig
from elman.tasks.forecast.learned import Prepared
from elman.train.objective import Batch

__all__ = ["Place", "Places", "WindowBatches", "WindowSource", "last_steps", "places_of", "whole"]

Indices = NDArray[np.int64]
LEAST_BATCHES, MOST_BATCHES = 50, 200
"""Batches of an epoch, where nobody says how many windows it has."""


class Place(NamedTuple):
    """A window: the first step to forecast, of a series by its number."""

    series: int
    origin: int


Places = tuple[Indices, Indices]
"""Many windows: the numbers of their series, and their first steps to forecast."""


def places_of(spans: Sequence[tuple[int, int]], horizon: int, stride: int = 1) -> Places:
    """Return every window whose steps to forecast lie within a span ``[first, end)`` of its series.

    Example:
        >>> [part.tolist() for part in places_of([(4, 8), (5, 7)], horizon=2)]
        [[0, 0, 0, 1], [4, 5, 6, 5]]
    """
    origins = [np.arange(first, end - horizon + 1, stride) for first, end in spans]
    series = np.repeat(np.arange(len(spans)), [len(some) for some in origins])
    return series, np.concatenate([*origins, np.zeros(0, np.int64)]).astype(np.int64)


class WindowSource:
    """All series in one piece, so that any windows of them are one look-up.

    Args:
        series: The series, in the network's units.
        lookback: Steps that are looked back on, L.
        horizon: Steps to forecast, H.
    """

    def __init__(self, series: Sequence[Prepared], lookback: int, horizon: int) -> None:
        self.lookback, self.horizon = lookback, horizon
        steps = [len(s.y) for s in series]
        self._begin = np.cumsum([0, *steps])[:-1]
        self._y = torch.from_numpy(np.concatenate([s.y for s in series]))
        self._mask = torch.from_numpy(np.concatenate([s.mask for s in series]))
        known = [s.known[:n] for s, n in zip(series, steps, strict=True)]
        self._known = torch.from_numpy(np.concatenate(known))
        self._past = torch.from_numpy(np.concatenate([s.past for s in series]))
        self._categories = torch.from_numpy(np.stack([s.categories for s in series]))
        self._numbers = torch.from_numpy(np.stack([s.numbers for s in series]))

    def windows(self, places: Places) -> tuple[Window, Tensor, Tensor]:
        """Return windows, what came after them ``(B, H, C)``, and whether it was observed.

        Every window has its whole look-back.
        """
        series, origins = places
        length = self.lookback
        at = torch.from_numpy(self._begin[series] + origins).unsqueeze(1)
        rows = at + torch.arange(-length, self.horizon)
        y, mask = self._y[rows], self._mask[rows]
        number = torch.from_numpy(series)
        window = Window(
            y[:, :length],
            mask[:, :length],
            torch.full((len(series),), length),
            self._known[rows],
            self._past[rows[:, :length]],
            self._categories[number],
            self._numbers[number],
        )
        return window, y[:, length:], mask[:, length:]


class WindowBatches:
    """Windows of the training part as batches by number.

    The windows of an epoch are shuffled, all of them once before any comes again. A batch depends
    on ``(seed, epoch, index)`` alone, so a resumed training needs no other cursor.

    Args:
        source: The series.
        places: The windows to draw from, N of them.
        config: Sizes of a batch and an epoch, and the seed.
    """

    def __init__(self, source: WindowSource, places: Places, config: ForecastTrainConfig) -> None:
        self._source, self.places = source, places
        self._size, self._seed = config.batch_size, config.seed
        count = len(places[0])
        least, most = (config.batch_size * batches for batches in (LEAST_BATCHES, MOST_BATCHES))
        self.windows = config.windows or min(max(count, least), most)
        self._plan: tuple[int, Indices] | None = None

    def __len__(self) -> int:
        return -(-self.windows // self._size)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``: inputs are windows, targets what came after them."""
        if self._plan is None or self._plan[0] != epoch:
            self._plan = (epoch, self._order(epoch))
        some = self._plan[1][index * self._size : (index + 1) * self._size]
        window, y, observed = self._source.windows((self.places[0][some], self.places[1][some]))
        return Batch(tuple(window), (y, observed), fresh=True)

    def _order(self, epoch: int) -> Indices:
        """Return the windows of an epoch in their order."""
        rng = np.random.default_rng([self._seed, epoch])
        count = len(self.places[0])
        rounds = [rng.permutation(count) for _ in range(-(-self.windows // count))]
        return np.concatenate(rounds)[: self.windows]


def last_steps(series: Series, count: int) -> Series:
    """Return the last steps of a series, and what is known after it."""
    first = max(len(series) - count, 0)
    return replace(
        series,
        ds=series.ds[first:],
        y=series.y[first:],
        known=series.known[first:],
        past=series.past[first:],
        mask=series.mask[first:],
    )


def whole(series: Sequence[Prepared]) -> Window:
    """Return series as windows that end where they end, padded before their beginning.

    Args:
        series: Each with what is known of the same number of steps to forecast.
    """
    lengths = [len(s.y) for s in series]
    longest = max(lengths)
    ahead = len(series[0].known) - len(series[0].y)

    def padded(rows: Sequence[NDArray[np.generic]], after: int = 0) -> Tensor:
        shape = (len(rows), longest + after, *rows[0].shape[1:])
        filled = np.zeros(shape, rows[0].dtype)
        for target, row in zip(filled, rows, strict=True):
            target[len(target) - len(row) :] = row
        return torch.from_numpy(filled)

    return Window(
        padded([s.y for s in series]),
        padded([s.mask for s in series]),
        torch.tensor(lengths),
        padded([s.known for s in series], ahead),
        padded([s.past for s in series]),
        torch.from_numpy(np.stack([s.categories for s in series])),
        torch.from_numpy(np.stack([s.numbers for s in series])),
    )
