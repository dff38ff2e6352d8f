"""Which steps of each series are for training, which for validation, which for the last test.

Parts follow each other in time. What is forecast lies inside one part; what is looked back on may
lie in the parts before it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from elman._errors import DataError
from elman.data.series.config import SeriesConfig
from elman.data.series.series import SeriesSet

__all__ = ["Cut", "SeriesSplit", "split_series"]

LISTED = 10


class Cut(NamedTuple):
    """Where the parts of a series end: training ``[0, train)``, then validation, then test."""

    train: int
    valid: int
    test: int


class SeriesSplit(NamedTuple):
    """Series and, for each, where its parts end."""

    set: SeriesSet
    cuts: tuple[Cut, ...]


def split_series(
    series_set: SeriesSet, config: SeriesConfig, horizon: int, window: int = 1
) -> SeriesSplit:
    """Divide each series by time.

    A part given as a fraction has at least ``horizon`` steps, so that a forecast fits in it.

    Args:
        series_set: The series.
        config: The sizes; 0: no such part.
        horizon: Steps of a forecast.
        window: Steps that are looked back on, the fewest that a training part must have besides
            the horizon.

    Raises:
        DataError: If a part is shorter than a forecast, or series are too short; they are listed.

    Example:
        >>> import numpy as np
        >>> from elman.data.series.frequency import Frequency
        >>> from elman.data.series.series import Series
        >>> none = np.zeros((100, 0))
        >>> one = Series("a", np.arange(100), np.zeros((100, 1)), none, none)
        >>> split = split_series(SeriesSet([one], Frequency("step")), SeriesConfig(), 12)
        >>> split.cuts
        (Cut(train=76, valid=88, test=100),)
    """
    for name in ("valid_size", "test_size"):
        size = getattr(config, name)
        if 1 <= size < horizon:
            raise DataError(
                f"{name} = {size:g} steps is less than a forecast of {horizon} steps. "
                f"Give --series.{name.replace('_', '-')} {horizon} or more, or a shorter horizon"
            )
    cuts = [cut(len(series), config, horizon) for series in series_set.series]
    least = window + horizon
    short = [k for k, found in enumerate(cuts) if found.train < least]
    if not short:
        return SeriesSplit(series_set, tuple(cuts))
    names = [f"'{series_set.series[k].unique_id}' ({len(series_set.series[k])})" for k in short]
    listed = ", ".join(names[:LISTED]) + (", ..." if len(short) > LISTED else "")
    count = f"{len(short):,} of {len(series_set):,} series"
    if not config.skip_short or len(short) == len(series_set):
        needed = max(least + len(series_set.series[k]) - cuts[k].train for k in short)
        raise DataError(
            f"{count} are too short (steps in brackets): {listed}. Needed: {needed} steps, which "
            f"are {window} to look back on, {horizon} to forecast, and those held out for "
            "validation and test. Give a shorter window or horizon, smaller --series.valid-size "
            "and --series.test-size, or leave them out: --series.skip-short"
        )
    gone = set(short)
    kept = [k for k in range(len(cuts)) if k not in gone]
    note = f"{count} left out, as they are too short: {listed}"
    rest = replace(
        series_set,
        series=[series_set.series[k] for k in kept],
        notes=(*series_set.notes, note),
    )
    return SeriesSplit(rest, tuple(cuts[k] for k in kept))


def cut(steps: int, config: SeriesConfig, horizon: int) -> Cut:
    """Return where the parts of a series end."""
    test, valid = (
        0 if not size else int(size) if size >= 1 else max(horizon, round(size * steps))
        for size in (config.test_size, config.valid_size)
    )
    return Cut(steps - test - valid, steps - test, steps)
