"""A trained forecaster's run: scored by a rolling backtest, asked by the command, streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from elman._errors import ConfigError
from elman._files import atomic_write
from elman.data.series.series import Series
from elman.tasks.forecast.backtest import Backtest, Forecast
from elman.tasks.forecast.config import ForecastEval, ForecastPredict, levels_of
from elman.tasks.forecast.learned import units_from
from elman.tasks.forecast.network import TrainedForecaster
from elman.tasks.forecast.output import Told, fan_of, page_of, save_table, written
from elman.tasks.forecast.report import evaluation
from elman.tasks.forecast.rows import stream_rows
from elman.tasks.forecast.stream import ForecastSession
from elman.tasks.forecast.training import own_split
from elman.tasks.report import Report
from elman.tasks.training import Progress

__all__ = ["ForecastRun"]

Split = Literal["train", "valid", "test"]


@dataclass(frozen=True)
class ForecastRun(TrainedForecaster):
    """A trained forecaster, opened from its run directory."""

    takes: ClassVar[str] = "files"

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        baselines: bool = False,
        progress: Progress | None = None,
        options: ForecastEval | None = None,
        pictures: bool = False,
    ) -> Report:
        """Forecast again and again through a held-out part, and compare with what came.

        Args:
            data: Other series, all that follows the first look-back; ``None``: the run's own.
            split: Which part of the run's own data.
            baselines: Also score methods that need no network, on the same forecasts.
            progress: Told how far the work is.
            options: How often, and how paths are drawn.
            pictures: Also draw forecasts and errors.

        Raises:
            DataError: If no forecast fits into what is to be scored.
        """
        how = options or ForecastEval()
        plan = self.plan(data, split, how, progress)

        def forecaster(histories: Sequence[Series], horizon: int) -> list[Forecast]:
            return self.forecast(histories, self.levels, samples=how.samples, seed=how.seed)

        return evaluation(
            plan,
            forecaster,
            f"{split} part of {self.task.data}" if data is None else data,
            with_baselines=baselines,
            pictures=pictures,
            progress=progress,
        )

    def plan(
        self,
        data: str | None,
        split: Split,
        how: ForecastEval,
        progress: Progress | None = None,
    ) -> Backtest:
        """Return which forecasts are scored."""
        if data is not None:
            found = self.read(data, progress)
            spans = [(self.learned.lookback, len(series)) for series in found.series]
            begins = [first for first, _ in spans]
        else:
            found, cuts = own_split(self.directory, self.task, self.learned, progress)
            ends = {"train": 0, "valid": 1, "test": 2}[split]
            spans = [((self.learned.lookback, *cut)[ends], cut[ends]) for cut in cuts]
            begins = [cut.train for cut in cuts]
        units = [
            units_from(series.y[:first], series.mask[:first], "standard").scale
            for series, first in zip(found.series, begins, strict=True)
        ]
        return Backtest(
            found,
            spans,
            units,
            self.task.horizon,
            self.levels,
            stride=how.stride,
            folds=how.folds,
        )

    def stream(
        self,
        series: Series | None = None,
        *,
        unique_id: str = "",
        static: Mapping[str, str | float] | None = None,
    ) -> ForecastSession:
        """Begin a stream: new values are taken in one by one, each in O(1).

        Args:
            series: What is known so far, read at once; the stream goes on after its last step.
                None: nothing is known.
            unique_id: Without a series: the name of the one to come, whose scale was learned.
            static: Without a series: what is true of the one to come as a whole.

        Raises:
            ConfigError: If the network cannot stream; the message says why.
            DataError: If nothing is known that says how large the values are.
        """
        if series is not None:
            return ForecastSession.after(self, series)
        return ForecastSession.fresh(self, unique_id, dict(static or {}))

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the name of a table."""
        yield str(path)

    def predict(
        self,
        inputs: Iterator[str],
        options: ForecastPredict,
        write: Callable[[str], None],
        color: bool,
    ) -> None:
        """Write what follows each series of some tables, for the command.

        Raises:
            ConfigError: If intervals are asked for that the network does not make, or a stream of
                a network that cannot keep one.
            DataError: If a table cannot be used.
        """
        levels = self.asked(options)
        if options.stream:
            stream_rows(self, inputs, options, levels, write)
            return
        told: list[Told] = []
        for name in inputs:
            series = (self.read_stdin() if name == "-" else self.read(name)).series
            found = self.forecast(series, levels, samples=options.samples, seed=options.seed)
            told += [
                Told(one, self.learned.frequency.after(one.ds[-1], self.task.horizon), forecast)
                for one, forecast in zip(series, found, strict=True)
            ]
        targets = self.learned.targets
        if options.out is not None:
            save_table(Path(options.out).absolute(), told, targets, levels)
        else:
            for text in written(told, targets, levels, options.format):
                write(text)
        if options.png is not None:
            atomic_write(Path(options.png).absolute(), fan_of(told, targets, levels).image)
        if options.html is not None:
            page = page_of(f"forecasts of {self.directory.path.name}", told, targets, levels)
            atomic_write(Path(options.html).absolute(), page.encode())

    def asked(self, options: ForecastPredict) -> tuple[float, ...]:
        """Return the quantiles of the intervals that are asked for."""
        if self.task.model.head != "point":
            return levels_of(options.widths)
        if "levels" in options.model_fields_set:
            raise ConfigError(
                f"levels: {self.directory.path} forecasts single numbers without intervals; train "
                "with --model.head quantiles for some"
            )
        return ()
