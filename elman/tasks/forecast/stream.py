"""A stream of one series: new values advance the network's state, each in O(1).

The numbers are those of reading the whole series again from where the stream began. Only networks
whose normalisation runs, and that read step by step, can do so: `ForecasterConfig.why_no_stream`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.series.frequency import time_text
from elman.data.series.parse import BadValue, parse_dates
from elman.data.series.series import Floats, Series
from elman.models.forecaster import Memory
from elman.tasks.forecast.backtest import Forecast
from elman.tasks.forecast.learned import Prepared, Units
from elman.tasks.forecast.network import TrainedForecaster
from elman.tasks.forecast.windows import whole

__all__ = ["ForecastSession"]

MOST_MISSED = 10_000
"""Steps in a row that may be missing; more is a wrong time."""


class ForecastSession:
    """One series as it comes.

    Made by `ForecastRun.stream`. What it keeps has always the same size.

    Args:
        run: The trained forecaster.
        unique_id: The name of the series.
        static: What is true of the series as a whole.
        units: What it is measured in inside the network.
    """

    def __init__(
        self, run: TrainedForecaster, unique_id: str, static: dict[str, str | float], units: Units
    ) -> None:
        self.run, self.unique_id, self.static, self.units = run, unique_id, static, units
        self.steps = 0
        """Steps taken in so far."""
        self.last: Any = None
        """The time of the last one."""
        self._anchor: Any = None
        self._memory = run.model.start(1)
        empty = self._prepared(np.zeros(0, np.int64), np.zeros((0, len(run.learned.targets))))
        self._about = run.model.static(
            torch.from_numpy(empty.categories)[None].to(run.model.device),
            torch.from_numpy(empty.numbers)[None].to(run.model.device),
        ).detach()

    @classmethod
    def fresh(
        cls, run: TrainedForecaster, unique_id: str, static: dict[str, str | float]
    ) -> ForecastSession:
        """Begin before the first value of a series whose scale is known."""
        learned = run.learned
        if learned.scaling != "none" and unique_id not in learned.units:
            raise DataError(
                f"nothing says how large the values of series '{unique_id}' are: it was not among "
                "those trained on. Begin the stream with some of its past: run.stream(series)"
            )
        none = np.zeros((0, len(learned.targets)))
        units = learned.units_of(Series(unique_id, np.zeros(0, np.int64), none, none, none))
        return cls(run, unique_id, static, units)

    @classmethod
    @torch.inference_mode()
    def after(cls, run: TrainedForecaster, series: Series) -> ForecastSession:
        """Begin after what is known of a series; its scale, if new, is that of these steps."""
        session = cls(run, series.unique_id, series.static, run.learned.units_of(series))
        if len(series):
            prepared = run.learned.prepared(series, 0, session.units)
            window = whole([prepared])
            window = type(window)(*(part.to(run.model.device) for part in window))
            session._memory = run.model.read(window)
            session.steps, session.last = len(series), series.ds[-1]
            session._anchor = series.ds[0]
        return session

    @property
    def series(self) -> Series:
        """The series by its name alone: its steps are not kept."""
        none = np.zeros((0, len(self.run.learned.targets)))
        return Series(self.unique_id, np.zeros(0, np.int64), none, none, none, self.static)

    @property
    def memory(self) -> Memory:
        """What is remembered of all steps so far."""
        return self._memory

    @property
    def next_time(self) -> Any:
        """The time that comes next; None before the first."""
        if self.last is None:
            return None
        return self.run.learned.frequency.at(self._anchor, np.array([self.steps]))[0]

    @torch.inference_mode()
    def observe(
        self,
        ds: Any,
        y: float | Sequence[float] | None,
        covariates: Mapping[str, float] | None = None,
    ) -> None:
        """Take in the value of a time; times that were left out count as not observed.

        Args:
            ds: The time: a date, or a number.
            y: The value, or one of each target; None or NaN: it was not observed.
            covariates: By name, the columns known in advance and those known up to now.

        Raises:
            DataError: If the time is not after the last one, or not on the grid, a column is
                missing, or a value cannot be used.
        """
        learned = self.run.learned
        time = self._time(ds)
        row = self._row(covariates or {})
        missed = self._missed(time)
        if missed and (learned.known or learned.past):
            raise DataError(
                f"series '{self.unique_id}': {missed:,} steps between {time_text(self.last)} and "
                f"{time_text(time)} are not there, and with them "
                f"{', '.join((*learned.known, *learned.past))}. Give every step"
            )
        values = np.full((1, len(learned.targets)), np.nan) if y is None else np.array(y, float)
        values = values.reshape(1, -1)
        if values.shape[1] != len(learned.targets):
            raise DataError(
                f"series '{self.unique_id}': {values.shape[1]} values at {time_text(time)}, "
                f"expected {len(learned.targets)}: {', '.join(learned.targets)}"
            )
        if np.isinf(values).any():
            raise DataError(
                f"series '{self.unique_id}': the value at {time_text(time)} is not finite"
            )
        prepared = self._prepared(np.array([time]), values, row)  # refused before anything moves
        for _ in range(missed):
            gap = np.array([self.next_time])
            self._take(gap[0], self._prepared(gap, np.full_like(values, np.nan)))
        self._take(time, prepared)

    def _take(self, time: Any, step: Prepared) -> None:
        """Advance by one step."""
        y, mask, known, past = (
            torch.from_numpy(part).to(self.run.model.device)
            for part in (step.y, step.mask, step.known, step.past)
        )
        self._memory = self.run.model.observe(self._memory, y, mask, known, past, self._about)
        if self._anchor is None:
            self._anchor = time
        self.steps, self.last = self.steps + 1, time

    @torch.inference_mode()
    def forecast(
        self,
        known: Mapping[str, Sequence[float]] | None = None,
        levels: Sequence[float] = (),
        *,
        samples: int = 200,
        seed: int = 0,
    ) -> Forecast:
        """Forecast the steps that follow the last one; what is remembered does not change.

        Args:
            known: By name, the columns known in advance at each of these steps.
            levels: Probabilities of the quantiles, rising.
            samples: Paths that are drawn, where there are paths.
            seed: Of these paths.

        Raises:
            DataError: If nothing was observed yet, or a column known in advance is missing.
        """
        if self.last is None:
            raise DataError(f"series '{self.unique_id}': nothing was observed yet")
        learned, horizon = self.run.learned, self.run.task.horizon
        given = known or {}
        for name in learned.known:
            if len(given.get(name, ())) != horizon:
                raise DataError(
                    f"'{name}' is known in advance: expected its {horizon} values of the steps to "
                    f"come, got {len(given.get(name, ())):,}. Give known={{'{name}': [...]}}"
                )
        columns = np.array([given[name] for name in learned.known], float).T.reshape(horizon, -1)
        calendar = learned.calendar_of(self.times).astype(np.float32)
        ahead = np.concatenate([calendar, learned.spread_out(columns, learned.known)], 1)
        device = self.run.model.device
        told = self.run.model.ahead(
            self._memory,
            torch.from_numpy(ahead)[None].to(device),
            self._about,
            levels,
            samples=samples,
            generator=torch.Generator(device).manual_seed(seed),
        )
        return self.run.carried_back(told, 0, self.units)

    @property
    def times(self) -> NDArray[Any]:
        """The times of the steps to forecast."""
        ahead = self.steps + np.arange(self.run.task.horizon)
        return self.run.learned.frequency.at(self._anchor, ahead)

    def _time(self, ds: Any) -> Any:
        """Return a time as the series have it."""
        if not self.run.learned.frequency.dated:
            try:
                return np.int64(ds)
            except ValueError:
                raise DataError(
                    f"series '{self.unique_id}': '{ds}' is no number of a step"
                ) from None
        form = self.run.task.series.date_format
        try:
            if isinstance(ds, str):
                return parse_dates([ds.strip()], form).times[0]
            return np.datetime64(ds, "us")
        except (ValueError, BadValue):
            wanted = f"one written as {form}" if form else "one such as 2024-05-31 13:00"
            raise DataError(
                f"series '{self.unique_id}': '{ds}' is no date; expected {wanted}"
            ) from None

    def _missed(self, time: Any) -> int:
        """Return how many steps lie between the last one and this one."""
        if self.last is None:
            return 0
        frequency = self.run.learned.frequency
        position = int(frequency.positions(self._anchor, np.array([time]))[0])
        if position < self.steps:
            raise DataError(
                f"series '{self.unique_id}': {time_text(time)} is not after "
                f"{time_text(self.last)}, which was the last; expected {time_text(self.next_time)}"
            )
        if frequency.at(self._anchor, np.array([position]))[0] != time:
            raise DataError(
                f"series '{self.unique_id}': {time_text(time)} is not on the grid of every "
                f"{frequency.name}; expected {time_text(self.next_time)}"
            )
        if position - self.steps > MOST_MISSED:
            raise DataError(
                f"series '{self.unique_id}': {position - self.steps:,} steps are missing between "
                f"{time_text(self.last)} and {time_text(time)}; at most {MOST_MISSED:,} are filled "
                "in. Mend the time, or begin a new series"
            )
        return position - self.steps

    def _row(self, covariates: Mapping[str, float]) -> tuple[Floats, Floats]:
        """Return the columns of one step, known in advance and known up to now."""
        learned = self.run.learned
        for name in (*learned.known, *learned.past):
            if name not in covariates or not np.isfinite(covariates[name]):
                raise DataError(
                    f"series '{self.unique_id}': '{name}' is missing; give "
                    f"{', '.join((*learned.known, *learned.past))} with every value"
                )
        for name in covariates:
            if name not in (*learned.known, *learned.past):
                raise DataError(
                    f"series '{self.unique_id}': no column '{name}' was trained on; known: "
                    f"{', '.join((*learned.known, *learned.past)) or 'none'}"
                )
        known, past = ([float(covariates[n]) for n in g] for g in (learned.known, learned.past))
        return np.array([known]), np.array([past])

    def _prepared(
        self, times: NDArray[Any], y: Floats, row: tuple[Floats, Floats] | None = None
    ) -> Prepared:
        """Return steps in the network's units; NaN is what was not observed."""
        known, past = row or (np.zeros((len(y), 0)), np.zeros((len(y), 0)))
        mask = np.asarray(np.isfinite(y).all(1))
        series = Series(self.unique_id, times, np.nan_to_num(y), known, past, self.static, mask)
        return self.run.learned.prepared(series, 0, self.units)
