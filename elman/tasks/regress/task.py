"""Regression: train on sequences with numbers, score, tell the number of new ones.

Here the columns meet: recordings from `data`, a regressor from `models`, the loop from `train`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch

from elman._errors import DataError
from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.signal.recording import Recording
from elman.data.signal.sets import SignalSets
from elman.models.generate import evaluating
from elman.models.regressor import SequenceRegressor, regression_loss
from elman.models.save import load_model
from elman.tasks.regress.config import RegressPredict, RegressTask
from elman.tasks.regress.data import NumberBatches, Numbered, told_of
from elman.tasks.regress.output import Answer, written
from elman.tasks.regress.pictures import told_picture
from elman.tasks.regress.report import baseline_scores, report_of
from elman.tasks.regress.targets import TargetScale, is_target_scale, scores_of
from elman.tasks.report import Report
from elman.tasks.signals import SignalReader, placed
from elman.tasks.training import (
    CONFIG,
    MODEL,
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

__all__ = ["RegressRun", "RegressTraining"]

DATA = "data.json"
Split = Literal["train", "valid", "test"]


class RegressTraining(TaskTraining[RegressTask]):
    """The training of a regressor.

    Raises:
        DataError: If the data cannot be read or learned from; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    def __init__(
        self,
        task: RegressTask,
        reader: SignalReader,
        sets: SignalSets,
        scale: TargetScale,
        model: SequenceRegressor,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.model: SequenceRegressor = model
        self.reader, self.sets, self.scale = reader, sets, scale
        self.train, self.valid = Numbered.of(sets.train), Numbered.of(sets.valid)
        self.validates = len(sets.valid) > 0

    @classmethod
    def start(
        cls, task: RegressTask, out: Path, progress: Progress | None = None
    ) -> RegressTraining:
        """Read the data and make a new run directory."""
        data = str(absolute(task.data, is_known))
        task = task.model_copy(update={"data": data, "signal": placed(task.signal)})
        reader, sets = SignalReader.learn(data, task.signal, "number", progress)
        Numbered.of(sets.test)  # what is no number is found before anything is written
        scale = TargetScale.learn(Numbered.of(sets.train).numbers, data)
        model = new_model(task, reader)
        about = {"fingerprint": sets.fingerprint(), "target": asdict(scale)}
        files = {CONFIG: config_bytes(task), DATA: json.dumps(about).encode(), **reader.files()}
        run = RunDirectory.create(out, files)
        return cls(task, reader, sets, scale, model, run, resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> RegressTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task = read_config(run, RegressTask, {"train": changes})
        reader, scale = SignalReader.restored(task.signal, run), read_scale(run)
        sets = own_sets(run, task, progress)
        return cls(task, reader, sets, scale, new_model(task, reader), run, resume=True)

    @property
    def units(self) -> tuple[Units, Units]:
        """Losses are of scaled numbers: 1 is what telling the mean would reach."""
        if self.task.loss == "normal":
            return in_nats, in_nats
        return in_variances, in_variances

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        sets, model, numbers = self.sets, self.task.model, self.train.numbers
        notes = [
            f"{len(sets.train):,} recordings to train on, {len(sets.valid):,} to validate, "
            f"{len(sets.test):,} to test",
            *sets.notes,
        ]
        direction = "both directions" if model.bidirectional else "one direction"
        span = f"{numbers.min():.4g} to {numbers.max():.4g}"
        return [
            ("data", f"{self.task.data}: {'; '.join(notes)}"),
            *self.reader.about(sets.train),
            ("number", f"{span}, mean {self.scale.mean:.4g}, deviation {self.scale.deviation:.4g}"),
            (
                "network",
                f"{model.cell}, {model.num_layers} x {model.hidden_size} units, {direction}, "
                f"{model.pooling} pooling, {self.task.loss} loss",
            ),
        ]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        path = self.run.path
        return [
            f"elman eval {path} --baselines --html report.html",
            f"elman predict {path} FILE --format csv",
        ]

    def source(self) -> NumberBatches:
        """Return the training part as batches."""
        return NumberBatches(self.reader, self.train, self.scale, self.task.train)

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        inputs, lengths = batch.inputs
        said = self.model(inputs, lengths)
        delta = self.task.train.huber_delta
        loss = regression_loss(said, batch.targets, self.task.loss, delta=delta)
        return Outcome(loss, loss.detach(), int(lengths.sum()), None)

    def validate(self) -> Scores:
        """Score the held-out part; the best model has the least loss there."""
        told = told_of(self.model, self.reader, self.scale, self.valid.recordings.items)
        found = scores_of(self.valid.numbers, told.mean, told.deviation)
        metrics = {"MAE": found["MAE"], "R2": found["R2"]}
        if told.deviation is not None:  # the likelihood of scaled numbers, as in training
            return Scores(found["nats"] - float(torch.tensor(self.scale.deviation).log()), metrics)
        return Scores((found["RMSE"] / self.scale.deviation) ** 2, metrics)


@dataclass(frozen=True)
class RegressRun:
    """A trained regressor, opened from its run directory.

    Example:
        >>> import tempfile
        >>> from elman._config import load_config
        >>> folder = Path(tempfile.mkdtemp())
        >>> rows = [f"{k},{k},{k}" for k in range(40) for _ in range(3)]
        >>> _ = (folder / "a.csv").write_text("id,x,target\\n" + "\\n".join(rows) + "\\n")
        >>> small = {"data": str(folder / "a.csv"), "model": {"hidden_size": 8}}
        >>> task = load_config(RegressTask, None, small)
        >>> events = list(RegressTraining.start(task, folder / "run").events())
        >>> run = RegressRun.open(folder / "run")
        >>> [answer.name for answer in run.tell([str(folder / "a.csv")])][:2]
        ['0', '1']
    """

    takes: ClassVar[Literal["files"]] = "files"

    directory: RunDirectory
    task: RegressTask
    reader: SignalReader
    scale: TargetScale
    model: SequenceRegressor

    @classmethod
    def open(cls, path: Path) -> RegressRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task = read_config(run, RegressTask)
        reader, scale = SignalReader.restored(task.signal, run), read_scale(run)
        model = new_model(task, reader)
        load_model(model, run.read(MODEL))
        return cls(run, task, reader, scale, model.eval())

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        baselines: bool = False,
        pictures: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Score the run on a held-out part of its own data, or on other data.

        Args:
            data: Other recordings with numbers, scored whole; ``None``: the run's own.
            split: Which part of the run's own data.
            baselines: Also score the mean, and linear regression on simple features.
            pictures: Also draw told beside true numbers.
            progress: Told how far the work is.

        Raises:
            DataError: If there is nothing to score, or the run's own data has changed.
        """
        own = own_sets(self.directory, self.task, progress) if data is None or baselines else None
        if data is not None:
            scored = Numbered.of(self.reader.read(data, "number", progress))
        else:
            scored = Numbered.of(getattr(own, split))
        if not len(scored):
            raise DataError(
                f"{self.task.data} has no {split} part: its training was told to hold none out. "
                "Choose another --split, or give other data"
            )
        told = told_of(self.model, self.reader, self.scale, scored.recordings.items, progress)
        beside = {}
        if baselines and own is not None:
            parts = Numbered.of(own.train), Numbered.of(own.valid), scored
            beside = baseline_scores(*parts, self.reader.scale, self.reader.config)
        named = f"{split} part of {self.task.data}" if data is None else data
        report = report_of(f"{named}, {len(scored):,} recordings", scored.numbers, told, beside)
        if own is not None and data is None:
            report = replace(report, notes=own.notes)
        if not pictures:
            return report
        return replace(report, pictures=(told_picture(scored.numbers, told),))

    def tell(self, sources: Iterable[str], *, chunk: int = 256) -> Iterator[Answer]:
        """Yield the number of each recording of some files, in order.

        Args:
            sources: Files and folders; ``-`` is standard input, as CSV.
            chunk: Recordings that are read before the first is answered.
        """
        read = self.reader.named(iter(sources))
        while some := list(itertools.islice(read, chunk)):
            yield from self.answers(some)

    def answers(self, some: list[Recording]) -> Iterator[Answer]:
        """Yield the number of each of some recordings."""
        told = told_of(self.model, self.reader, self.scale, some)
        for k, item in enumerate(some):
            deviation = None if told.deviation is None else float(told.deviation[k])
            yield Answer(item.name, float(told.mean[k]), deviation)

    def stream(self, source: str) -> Iterator[Answer]:
        """Yield, after each step of one recording, its number so far: as `tell` of the rows so far.

        Raises:
            ConfigError: If the network also reads from the end.
        """
        state = self.model.stream(1)
        for stamp, steps in self.reader.arriving(source):
            inputs, _ = self.reader.collate([steps])
            with torch.inference_mode(), evaluating(self.model):
                said, state = self.model.step(inputs.to(self.model.device), state)
            mean = float(self.scale.undo(said.mean[-1, 0].double().cpu().numpy())[0])
            deviation = None
            if said.log_variance is not None:
                deviation = float((said.log_variance[-1, 0] / 2).exp()) * self.scale.deviation
            yield Answer(source, mean, deviation, stamp)

    def inputs(self, path: Path) -> Iterator[str]:
        """Take a file for what it is."""
        return iter([str(path)])

    def predict(
        self,
        sources: Iterable[str],
        options: RegressPredict,
        write: Callable[[str], None],
        color: bool,
    ) -> None:
        """Write the number of each recording, for the command."""
        answers: Iterator[Answer]
        if options.stream:
            answers = itertools.chain.from_iterable(map(self.stream, sources))
        else:
            answers = self.tell(sources, chunk=options.chunk)
        for text in written(answers, options, normal=self.model.config.output == "normal"):
            write(text)


def new_model(task: RegressTask, reader: SignalReader) -> SequenceRegressor:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    return SequenceRegressor(reader.frontend(), 1, task.model)


def own_sets(run: RunDirectory, task: RegressTask, progress: Progress | None) -> SignalSets:
    """Return the data that a run was started with.

    Raises:
        DataError: If any content or number is another.
    """
    _, sets = SignalReader.learn(task.data, task.signal, "number", progress)
    about = read_json(run, DATA, lambda about: isinstance(about["fingerprint"], str))
    same_data(run, task.data, about["fingerprint"], sets.fingerprint())
    return sets


def read_scale(run: RunDirectory) -> TargetScale:
    """Return the scale of the numbers of a run; the file is not trusted."""
    about = read_json(run, DATA, lambda about: is_target_scale(about["target"]))
    return TargetScale(**about["target"])


def in_variances(loss: float) -> str:
    """Return a loss of scaled numbers.

    Example:
        >>> in_variances(0.25)
        '0.2500 of the variance'
    """
    return f"{loss:.4f} of the variance"
