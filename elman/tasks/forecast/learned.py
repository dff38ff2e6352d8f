"""What a forecaster keeps of its training data: scales, names, words; and series in its units.

It is a JSON file of the run directory, read as untrusted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.series.calendar import calendar_features
from elman.data.series.frequency import UNITS, Frequency, time_text
from elman.data.series.series import Floats, Series, SeriesSet
from elman.data.series.split import SeriesSplit
from elman.models.forecaster import Features
from elman.tasks.forecast.config import ForecastTask

__all__ = ["Learned", "Prepared", "Units", "learn"]

Floats32 = NDArray[np.float32]
MANY = 100_000
"""Numbers in a list of the file at most, so that a stranger's file cannot fill the memory."""


class Units(NamedTuple):
    """What a series is measured in inside the network: ``(f(y) - centre) / scale``."""

    centre: Floats
    scale: Floats


class Prepared(NamedTuple):
    """A series in the network's units.

    Attributes:
        y: ``(T, C)``.
        mask: ``(T,)``: True where it was observed.
        known: ``(T', K)``: what is known in advance, the calendar first.
        past: ``(T, U)``.
        categories: ``(S,)`` int64.
        numbers: ``(N,)``.
        units: How to carry values back.
    """

    y: Floats32
    mask: NDArray[np.bool_]
    known: Floats32
    past: Floats32
    categories: NDArray[np.int64]
    numbers: Floats32
    units: Units


@dataclass(frozen=True)
class Learned:
    """What was learned from the training part before any network was.

    Args:
        fingerprint: Of the data.
        lookback: Steps that are looked back on.
        scaling: What series are scaled by.
        log: Whether logarithms are forecast.
        counts: Whether values are counts.
        calendar: Whether the calendar is an input.
        frequency: The step of the series.
        targets: Names of the targets.
        known: Names of the columns known in advance, the calendar's first.
        past: Names of the columns known up to now.
        words: By static column of words, those that were seen, in the order of their numbers.
        numbers: Names of the static columns of numbers.
        spread: By column of `known`, `past` and `numbers`, mean and standard deviation.
        units: By series, centre and scale of each target.
    """

    fingerprint: str
    lookback: int
    scaling: str
    log: bool
    counts: bool
    calendar: bool
    frequency: Frequency
    targets: tuple[str, ...]
    known: tuple[str, ...]
    past: tuple[str, ...]
    words: dict[str, tuple[str, ...]]
    numbers: tuple[str, ...]
    spread: dict[str, tuple[float, float]]
    units: dict[str, Units]

    @property
    def features(self) -> Features:
        """The sizes of the network's inputs."""
        sizes = tuple(len(words) + 1 for words in self.words.values())
        calendar = len(self.calendar_of(np.zeros(1, "datetime64[us]"))[0])
        known, past = len(self.known) + calendar, len(self.past)
        return Features(len(self.targets), known, past, sizes, len(self.numbers))

    def calendar_of(self, times: NDArray[Any]) -> Floats:
        """Return what the calendar says of times, ``(T, .)``."""
        if not self.calendar or not self.frequency.dated:
            return np.zeros((len(times), 0))
        return calendar_features(times, self.frequency)[0]

    def prepared(self, series: Series, ahead: int = 0, units: Units | None = None) -> Prepared:
        """Return a series in the network's units, and what is known of the steps after it.

        Args:
            series: The series.
            ahead: Steps after it that are to be forecast.
            units: The units; None: those of `units_of`.

        Raises:
            DataError: If a value cannot be used, or what is known in advance ends too early.
        """
        units = units or self.units_of(series)
        y = (self.transformed(series) - units.centre) / units.scale
        past = self.spread_out(series.past, self.past)
        categories = [
            known.index(word) + 1 if (word := str(series.static.get(name))) in known else 0
            for name, known in self.words.items()
        ]
        numbers = np.array([[float(series.static.get(name, math.nan)) for name in self.numbers]])
        numbers = np.nan_to_num(self.spread_out(numbers, self.numbers)[0])
        return Prepared(
            y.astype(np.float32),
            series.mask,
            self.known_of(series, ahead),
            past,
            np.array(categories, np.int64),
            numbers,
            units,
        )

    def known_of(self, series: Series, ahead: int) -> Floats32:
        """Return what is known in advance, as far as is asked for, ``(T + ahead, K)``."""
        steps = len(series) + ahead
        if self.known and len(series.known) < steps:
            after = time_text(series.ds[-1])
            raise DataError(
                f"series '{series.unique_id}' ends at {after}, and "
                f"{', '.join(self.known)} {'is' if len(self.known) == 1 else 'are'} known for "
                f"{len(series.known) - len(series):,} steps after it; {ahead:,} are to be "
                f"forecast. Add rows with these columns, and nothing in {self.targets[0]}"
            )
        given = self.spread_out(
            series.known[:steps] if self.known else np.zeros((steps, 0)), self.known
        )
        times = series.ds
        if ahead:
            times = np.concatenate([times, self.frequency.after(times[-1], ahead)])
        calendar = self.calendar_of(times).astype(np.float32)
        return (
            np.concatenate([calendar, given[:, : len(self.known)]], 1) if self.known else calendar
        )

    def spread_out(self, values: Floats, names: tuple[str, ...]) -> Floats32:
        """Return columns less their mean, over their standard deviation."""
        if not names:
            return np.zeros((len(values), 0), np.float32)
        mean, deviation = np.array([self.spread[name] for name in names]).T
        return np.asarray((values - mean) / deviation, np.float32)

    def transformed(self, series: Series) -> Floats:
        """Return the targets, or their logarithms, where they were observed; else 0.

        Raises:
            DataError: If a value has no logarithm, or is no count.
        """
        y, mask = series.y, series.mask[:, None]
        wrong = mask & (y <= 0) if self.log else mask & ((y < 0) | (y != np.floor(y)))
        if (self.log or self.counts) and wrong.any():
            at, which = np.argwhere(wrong)[0]
            needed = "window.log needs values above zero" if self.log else "counts are 0, 1, 2, ..."
            instead = "leave it out" if self.log else "use another --model.head"
            raise DataError(
                f"series '{series.unique_id}': {self.targets[which]} is {y[at, which]:g} at "
                f"{time_text(series.ds[at])}; {needed}. Mend the data, or {instead}"
            )
        y = np.where(mask, y, 1.0 if self.log else 0.0)
        return np.asarray(np.log(y) if self.log else y)

    def units_of(self, series: Series) -> Units:
        """Return the units of a series that was trained on, or of a new one from its own values."""
        known = self.units.get(series.unique_id)
        if known is not None:
            return known
        return units_from(self.transformed(series), series.mask, self.scaling)

    def carried_back(self, values: Floats, units: Units, axis: int = -1) -> Floats:
        """Return values of the network in their own units; ``axis`` is that of the targets."""
        shape = [1] * values.ndim
        shape[axis] = -1
        y = values * units.scale.reshape(shape) + units.centre.reshape(shape)
        return np.asarray(np.exp(y) if self.log else y, np.float64)

    def check(self, found: SeriesSet) -> None:
        """Refuse series of another kind.

        Raises:
            DataError: If their step or their columns differ from those trained on.
        """
        own, came = self.frequency, found.frequency
        if (own.name, own.season) != (came.name, came.season):
            raise DataError(
                f"the network was trained on series with a step of {own.name} and a season of "
                f"{own.season:,} steps; these have a step of {came.name} and a season of "
                f"{came.season:,}. Bring them to the same step"
            )
        for what, trained, given in (
            ("targets", self.targets, found.target_names),
            ("columns known in advance", self.known, found.known_names),
            ("columns known up to now", self.past, found.past_names),
        ):
            if trained != given:
                raise DataError(
                    f"{what}: trained on {', '.join(trained) or 'none'}, and the data "
                    f"has {', '.join(given) or 'none'}"
                )

    def to_json(self) -> bytes:
        """Return this as a file."""
        content = {name: getattr(self, name) for name in self.__dataclass_fields__}
        content["frequency"] = asdict(self.frequency)
        content["units"] = {
            name: [unit.centre.tolist(), unit.scale.tolist()] for name, unit in self.units.items()
        }
        return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()

    @classmethod
    def from_content(cls, content: Any) -> Learned:
        """Build it from a file's content.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: If the content is not sound.
        """
        names = {name: texts(content[name]) for name in ("targets", "known", "past", "numbers")}
        frequency = Frequency(**content["frequency"])
        whole = [content["lookback"], frequency.multiple]
        whole += [part for part in (frequency.day, frequency.own_season) if part is not None]
        if not all(type(number) is int and number > 0 for number in whole):
            raise ValueError("expected whole numbers above 0")
        if frequency.unit not in (*UNITS, "step"):
            raise ValueError("expected a unit of time")
        units = {
            str(name): Units(positive_or_any(c, names, False), positive_or_any(s, names, True))
            for name, (c, s) in content["units"].items()
        }
        spread = {
            str(name): (finite(mean), finite(deviation))
            for name, (mean, deviation) in content["spread"].items()
        }
        columns = (*names["known"], *names["past"], *names["numbers"])
        flags = {name: content[name] for name in ("log", "counts", "calendar")}
        if not all(type(flag) is bool for flag in flags.values()):
            raise ValueError("expected true or false")
        if content["scaling"] not in ("standard", "mean", "none"):
            raise ValueError("unknown scaling")
        if not names["targets"] or any(spread[name][1] <= 0 for name in columns):
            raise ValueError("expected targets, and deviations above 0")
        return cls(
            fingerprint=str(content["fingerprint"]),
            lookback=content["lookback"],
            scaling=content["scaling"],
            frequency=frequency,
            words={str(name): texts(words) for name, words in content["words"].items()},
            spread=spread,
            units=units,
            log=flags["log"],
            counts=flags["counts"],
            calendar=flags["calendar"],
            targets=names["targets"],
            known=names["known"],
            past=names["past"],
            numbers=names["numbers"],
        )


def texts(values: Any) -> tuple[str, ...]:
    """Return a list of a file as names."""
    if not isinstance(values, list) or len(values) > MANY:
        raise ValueError("expected a list")
    return tuple(str(value) for value in values)


def finite(value: Any) -> float:
    """Return a number of a file."""
    if not math.isfinite(float(value)):
        raise ValueError("expected a number")
    return float(value)


def positive_or_any(values: Any, names: Mapping[str, Any], positive: bool) -> Floats:
    """Return a number for each target of a file."""
    found = np.array([finite(value) for value in values])
    if len(found) != len(names["targets"]) or (positive and not (found > 0).all()):
        raise ValueError("expected a number for each target")
    return found


def units_from(y: Floats, mask: NDArray[np.bool_], scaling: str) -> Units:
    """Return the units that observed values give."""
    targets = y.shape[1]
    zero, one = np.zeros(targets), np.ones(targets)
    seen = y[mask]
    if scaling == "none" or not len(seen):
        return Units(zero, one)
    if scaling == "mean":
        size = np.abs(seen).mean(0)
        return Units(zero, np.where(size > 0, size, 1.0))
    deviation = seen.std(0)
    flat = deviation <= 1e-9 * np.abs(seen).max(0)
    return Units(seen.mean(0), np.where(flat, 1.0, deviation))


def learn(task: ForecastTask, split: SeriesSplit, lookback: int, fingerprint: str) -> Learned:
    """Learn scales and words from the training part of each series.

    Raises:
        DataError: If a value has no logarithm, or is no count.
    """
    series_set = split.set
    parts = [s.until(cut.train, 0) for s, cut in zip(series_set.series, split.cuts, strict=True)]
    static = {name: [s.static.get(name) for s in parts] for name in series_set.static_names}
    numbers = tuple(n for n, values in static.items() if all(type(v) is float for v in values))
    words = {
        name: tuple(sorted({str(value) for value in values}))
        for name, values in static.items()
        if name not in numbers
    }
    columns = {
        **{n: [s.known[:, k] for s in parts] for k, n in enumerate(series_set.known_names)},
        **{n: [s.past[:, k] for s in parts] for k, n in enumerate(series_set.past_names)},
        **{n: [np.array([value]) for value in static[n]] for n in numbers},
    }
    spread = {name: mean_and_deviation(np.concatenate(rows)) for name, rows in columns.items()}
    learned = Learned(
        fingerprint=fingerprint,
        lookback=lookback,
        scaling=task.scaling,
        log=task.window.log,
        counts=task.model.head == "negative_binomial",
        calendar=task.series.calendar,
        frequency=series_set.frequency,
        targets=series_set.target_names,
        known=series_set.known_names,
        past=series_set.past_names,
        words=words,
        numbers=numbers,
        spread=spread,
        units={},
    )
    learned.units.update({part.unique_id: learned.units_of(part) for part in parts})
    return learned


def mean_and_deviation(values: Floats) -> tuple[float, float]:
    """Return both of a column, the deviation 1 where nothing varies."""
    deviation = float(values.std())
    return float(values.mean()), deviation if deviation > 0 else 1.0
