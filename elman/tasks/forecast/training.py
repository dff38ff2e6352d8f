"""The training of a forecaster: windows drawn from all series, the best network kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.series.read import read_series
from elman.data.series.series import SeriesSet
from elman.data.series.split import SeriesSplit, split_series
from elman.models.direct_forecaster import DirectForecaster
from elman.models.forecaster import Features, Forecaster, Window
from elman.models.path_forecaster import PathForecaster
from elman.tasks.forecast.config import ForecastTask
from elman.tasks.forecast.learned import Learned, learn
from elman.tasks.forecast.windows import Places, WindowBatches, WindowSource, places_of
from elman.tasks.training import (
    CONFIG,
    Progress,
    TaskTraining,
    absolute,
    config_bytes,
    read_config,
    read_json,
    same_data,
)
from elman.train.log import Units, in_nats
from elman.train.objective import Batch, Outcome, Scores

__all__ = ["LEARNED", "ForecastTraining", "new_model", "read_learned"]

LEARNED = "series.json"
SEASONS = 3
"""Seasons, or horizons, that are looked back on where nobody says how many."""
SCORED = 256
"""Windows scored at once."""
MOST_SCORED = 4096
"""Windows of the validation part that are scored at most, evenly spread."""


class ForecastTraining(TaskTraining[ForecastTask]):
    """The training of a forecaster.

    Raises:
        DataError: If the series cannot be read or learned from; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    def __init__(
        self,
        task: ForecastTask,
        split: SeriesSplit,
        learned: Learned,
        model: Forecaster,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.model: Forecaster = model
        self.split, self.learned = split, learned
        self.windows = WindowSource(
            [learned.prepared(series) for series in split.set.series],
            learned.lookback,
            task.horizon,
        )
        spans = [(learned.lookback, cut.train) for cut in split.cuts]
        self.batches = WindowBatches(self.windows, places_of(spans, task.horizon), task.train)
        self.held_out = thinned(
            places_of([(cut.train, cut.valid) for cut in split.cuts], task.horizon)
        )
        self.validates = len(self.held_out[0]) > 0

    @classmethod
    def start(
        cls, task: ForecastTask, out: Path, progress: Progress | None = None
    ) -> ForecastTraining:
        """Read the data and make a new run directory."""
        task = patient(task.model_copy(update={"data": absolute(task.data, is_known)}))
        series_set = read_series(task.data, task.series, progress)
        split, lookback = split_for(task, series_set)
        task = with_lags(task, series_set.frequency.season, lookback)
        learned = learn(task, split, lookback, series_set.fingerprint)
        for series in split.set.series:
            learned.prepared(series)  # a value that cannot be used is found before anything is made
        model = new_model(task, learned.features)
        files = {CONFIG: config_bytes(task), LEARNED: learned.to_json()}
        return cls(task, split, learned, model, RunDirectory.create(out, files), resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> ForecastTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task = patient(read_config(run, ForecastTask, {"train": changes}))
        learned = read_learned(run)
        split = own_split(run, task, learned, progress)
        return cls(task, split, learned, new_model(task, learned.features), run, resume=True)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        found, model, learned = self.split.set, self.task.model, self.learned
        lengths = sorted(map(len, found.series))
        steps = f"{lengths[0]:,}" + (f" to {lengths[-1]:,}" if lengths[0] < lengths[-1] else "")
        name = "step" if found.frequency.unit == "step" else found.frequency.name
        targets = f", targets {', '.join(learned.targets)}" if len(learned.targets) > 1 else ""
        used = [*learned.known, *learned.past, *learned.words, *learned.numbers]
        columns = f"; also read: {', '.join(used)}" if used else ""
        way = {"direct": "all steps at once", "autoregressive": "sample paths"}[model.mode]
        size = f"{model.num_layers} x {model.hidden_size} units, "
        size += f"{self.model.parameter_count():,} parameters"
        lines = [
            (
                "series",
                f"{self.task.data}: {len(found):,} of {steps} steps (every {name}, season "
                f"{found.frequency.season}){targets}{columns}",
            ),
            (
                "windows",
                f"{learned.lookback:,} steps back, {self.task.horizon:,} ahead; "
                f"{len(self.batches.places[0]):,} to train on, {len(self.held_out[0]):,} to "
                f"validate; {self.batches.windows:,} an epoch",
            ),
            ("network", f"{model.cell}, {size}; {model.head}, {way}"),
        ]
        return lines + [("note", note) for note in found.notes]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        path = self.run.path
        return [
            f"elman eval {path} --baselines",
            f"elman predict {path} {self.task.data} --html forecast.html",
        ]

    @property
    def units(self) -> tuple[Units, Units]:
        """Nats of a likelihood, or the error in units of the windows."""
        head = self.task.model.head
        name = {"quantiles": "pinball", "point": f"{self.task.model.point_loss} error"}.get(head)
        if name is None:
            return in_nats, in_nats
        return (lambda loss: f"{loss:.4f} {name}",) * 2

    def source(self) -> WindowBatches:
        """Return the training part as batches."""
        return self.batches

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        y, observed = batch.targets
        loss, count = self.model.loss(Window(*batch.inputs), y, observed)
        return Outcome(loss, loss.detach(), count, None)

    @torch.inference_mode()
    def validate(self) -> Scores:
        """Return the mean loss of what is to be forecast of the held-out part."""
        total, values = 0.0, 0
        series, origins = self.held_out
        device = self.model.device
        for begin in range(0, len(series), SCORED):
            some = slice(begin, begin + SCORED)
            window, y, observed = self.windows.windows((series[some], origins[some]))
            losses, counted = self.model.losses(
                Window(*(part.to(device) for part in window)), y.to(device), observed.to(device)
            )
            losses, counted = (part[:, -self.task.horizon :] for part in (losses, counted))
            total += float(losses.masked_fill(~counted, 0.0).double().sum())
            values += int(counted.sum())
        return Scores(total / max(values, 1))


def thinned(places: Places) -> Places:
    """Return at most so many windows that scoring them takes no long time."""
    count = len(places[0])
    if count <= MOST_SCORED:
        return places
    kept = np.linspace(0, count - 1, MOST_SCORED).astype(np.int64)
    return places[0][kept], places[1][kept]


def split_for(task: ForecastTask, series_set: SeriesSet) -> tuple[SeriesSplit, int]:
    """Divide the series by time, and say how many steps are looked back on.

    Raises:
        DataError: If series are too short.
    """
    lookback = task.window.lookback
    if lookback is None:
        wanted = SEASONS * max(series_set.frequency.season, task.horizon)
        wanted = max(wanted, *task.model.ago, 0)
        least = max(*task.model.ago, 1, 0)
        cuts = split_series(series_set, task.series, task.horizon, least).cuts
        room = min(cut.train for cut in cuts) - task.horizon
        lookback = max(least, min(wanted, room))
    return split_series(series_set, task.series, task.horizon, lookback), lookback


def patient(task: ForecastTask) -> ForecastTask:
    """Return the task without the usual patience where there is nothing to validate on."""
    if task.series.valid_size or "patience" in task.train.model_fields_set:
        return task
    return task.model_copy(update={"train": task.train.model_copy(update={"patience": None})})


def with_lags(task: ForecastTask, season: int, lookback: int) -> ForecastTask:
    """Return the task with the lags that are chosen where nobody said which."""
    if task.model.lags is not None:
        return task
    lags = (season,) if 1 < season <= lookback else ()
    return task.model_copy(update={"model": task.model.model_copy(update={"lags": lags})})


def own_split(
    run: RunDirectory, task: ForecastTask, learned: Learned, progress: Progress | None = None
) -> SeriesSplit:
    """Return the series that a run was trained on, refused if they have changed."""
    series_set = read_series(task.data, task.series, progress)
    same_data(run, task.data, learned.fingerprint, series_set.fingerprint)
    return split_series(series_set, task.series, task.horizon, learned.lookback)


def read_learned(run: RunDirectory) -> Learned:
    """Return what a run learned of its data; the file is not trusted."""
    content = read_json(run, LEARNED, lambda content: bool(Learned.from_content(content)))
    return Learned.from_content(content)


def new_model(task: ForecastTask, features: Features) -> Forecaster:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    kind = DirectForecaster if task.model.mode == "direct" else PathForecaster
    return kind(features, task.model, task.horizon)
