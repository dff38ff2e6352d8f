"""A trained forecaster: forecasts of series, scores of a rolling backtest, and streams."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import torch

from elman._errors import ConfigError, DataError
from elman._files import atomic_write
from elman._run import RunDirectory
from elman.data.series.config import SeriesConfig
from elman.data.series.read import read_series
from elman.data.series.series import Series, SeriesSet
from elman.models.forecaster import Forecaster, Prediction
from elman.models.generate import evaluating
from elman.models.save import load_model
from elman.tasks.forecast.backtest import Backtest, Forecast
from elman.tasks.forecast.config import ForecastEval, ForecastPredict, ForecastTask, levels_of
from elman.tasks.forecast.learned import Learned, Units, units_from
from elman.tasks.forecast.training import new_model, own_split, read_learned
from elman.tasks.forecast.windows import last_steps, whole
from elman.tasks.report import Report
from elman.tasks.training import MODEL, Progress, read_config

if TYPE_CHECKING:
    from elman.tasks.forecast.stream import ForecastSession

__all__ = ["ForecastRun"]

Split = Literal["train", "valid", "test"]
MOST_STEPS = 1 << 17
"""Steps of all series that are read at once: what bounds memory."""


@dataclass(frozen=True)
class ForecastRun:
    """A trained forecaster, opened from its run directory."""

    takes: ClassVar[str] = "files"

    directory: RunDirectory
    task: ForecastTask
    learned: Learned
    model: Forecaster

    @classmethod
    def open(cls, path: Path) -> ForecastRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task, learned = read_config(run, ForecastTask), read_learned(run)
        model = new_model(task, learned.features)
        load_model(model, run.read(MODEL))
        return cls(run, task, learned, model.eval())

    @property
    def reads_all(self) -> bool:
        """Whether a forecast reads a series from its first step, so that a stream can go on."""
        return self.task.model.why_no_stream is None

    def read(self, data: str, progress: Progress | None = None) -> SeriesSet:
        """Read series of the kind that was trained on.

        Raises:
            DataError: If they cannot be read, or are of another kind.
        """
        found = read_series(data, self.reading, progress)
        self.learned.check(found)
        return found

    def read_stdin(self) -> SeriesSet:
        """Read a table from standard input."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table"
            path.write_bytes(sys.stdin.buffer.read())
            try:
                return self.read(str(path))
            except DataError as error:
                raise DataError(str(error).replace(str(path), "standard input")) from None

    @property
    def reading(self) -> SeriesConfig:
        """How other data is read: as the run's own, with the step and the columns found then."""
        learned = self.learned
        step = learned.frequency
        return self.task.series.model_copy(
            update={
                "frequency": str(step.multiple) if step.unit == "step" else step.name,
                "season": step.own_season,
                "targets": learned.targets,
                "known": learned.known,
                "past": learned.past,
            }
        )

    @torch.inference_mode()
    def forecast(
        self,
        histories: Sequence[Series],
        levels: Sequence[float] = (),
        *,
        samples: int = 200,
        seed: int = 0,
    ) -> list[Forecast]:
        """Forecast the steps after each series.

        A network that can stream reads each series from its first step; any other the last
        ``window.lookback`` steps.

        Args:
            histories: The series, each with what is known in advance of the steps to come.
            levels: Probabilities of the quantiles, rising.
            samples: Paths that are drawn of each series, where there are paths.
            seed: Of these paths.

        Raises:
            DataError: If a series is too short, has a value that cannot be used, or what is
                known in advance ends too early.
            ConfigError: If the network makes no quantiles.
        """
        found: list[Forecast | None] = [None] * len(histories)
        generator = torch.Generator(self.model.device).manual_seed(seed)
        prepared = []
        for series in histories:
            self.check_length(series)
            units = self.learned.units_of(series)
            cut = series if self.reads_all else last_steps(series, self.learned.lookback)
            prepared.append(self.learned.prepared(cut, self.task.horizon, units))
        order = np.argsort([-len(one.y) for one in prepared], kind="stable").tolist()
        with evaluating(self.model):
            while order:
                most = max(1, MOST_STEPS // len(prepared[order[0]].y))
                some, order = order[:most], order[most:]
                window = whole([prepared[k] for k in some])
                window = type(window)(*(part.to(self.model.device) for part in window))
                told = self.model.forecast(window, levels, samples=samples, generator=generator)
                for place, k in enumerate(some):
                    found[k] = self.carried_back(told, place, prepared[k].units)
        return [one for one in found if one is not None]

    def carried_back(self, told: Prediction, place: int, units: Units) -> Forecast:
        """Return one row of a prediction in the units of its series."""
        mean, quantiles = (part[place].double().cpu().numpy() for part in told)
        back = self.learned.carried_back
        return Forecast(back(mean, units), back(quantiles, units))

    def check_length(self, series: Series) -> None:
        """Refuse a series that is shorter than what is looked back on.

        Raises:
            DataError: If it is.
        """
        least = 1 if self.reads_all else self.learned.lookback
        if len(series) < least:
            raise DataError(
                f"series '{series.unique_id}' has {len(series):,} steps, and the network looks "
                f"back on {least:,}. Give it from further back, or train with a shorter "
                "--window.lookback"
            )

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
        from elman.tasks.forecast.report import evaluation

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

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantiles that are scored: those trained, or the usual ones of a distribution."""
        return () if self.task.model.head == "point" else self.task.model.levels

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
        from elman.tasks.forecast.stream import ForecastSession

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
        from elman.tasks.forecast.output import Told, fan_of, page_of, written
        from elman.tasks.forecast.rows import stream_rows

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
            return levels_of(options.levels)
        if "levels" in options.model_fields_set:
            raise ConfigError(
                f"levels: {self.directory.path} forecasts single numbers without intervals; train "
                "with --model.head quantiles for some"
            )
        return ()
