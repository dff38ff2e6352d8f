"""A trained forecaster: reads series of its kind, and says how they go on."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch

from elman._errors import DataError
from elman._run import RunDirectory
from elman.data.series.config import SeriesConfig
from elman.data.series.read import read_series
from elman.data.series.series import Series, SeriesSet
from elman.models.forecaster import Forecaster, Prediction
from elman.models.generate import evaluating
from elman.models.save import load_model
from elman.tasks.forecast.backtest import Forecast
from elman.tasks.forecast.config import ForecastTask
from elman.tasks.forecast.learned import Learned, Units
from elman.tasks.forecast.training import new_model, read_learned
from elman.tasks.forecast.windows import last_steps, whole
from elman.tasks.training import MODEL, Progress, read_config

__all__ = ["TrainedForecaster"]

MOST_STEPS = 1 << 17
"""Steps of all series that are read at once: what bounds memory."""


@dataclass(frozen=True)
class TrainedForecaster:
    """A trained network and what it knows of its data.

    Args:
        directory: Where it comes from.
        task: Its configuration.
        learned: What was learned of the data before the network was.
        model: The network, as in evaluation.
    """

    directory: RunDirectory
    task: ForecastTask
    learned: Learned
    model: Forecaster

    @classmethod
    def open(cls, path: Path) -> Self:
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
                "steps": None,
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

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantiles that are scored: those trained, or the usual ones of a distribution."""
        return () if self.task.model.head == "point" else self.task.model.levels
