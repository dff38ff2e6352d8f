"""What all trainings share: the best model is kept, a refused one leaves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from elman._config import Config
from elman._errors import ConfigError, DataError, RunError
from elman._run import RunDirectory
from elman.models.save import load_model
from elman.tasks.training import (
    CONFIG,
    MODEL,
    TaskTraining,
    absolute,
    config_bytes,
    read_config,
    read_json,
    same_data,
)
from elman.train.config import ExampleTrainConfig
from elman.train.events import Sampled, Stopped, Validated
from elman.train.objective import Batch, Outcome, Scores


class Task(Config):
    task: str = "line"
    train: ExampleTrainConfig = ExampleTrainConfig(steps=6, eval_every=2, lr=0.1)


class Points:
    def __len__(self) -> int:
        return 3

    def batch(self, epoch: int, index: int) -> Batch:
        x = torch.full((4, 1), float(index + 1))
        return Batch(x, 2 * x, fresh=True)


class Line(TaskTraining[Task]):
    samples = True

    def __init__(self, task: Task, run: RunDirectory, *, resume: bool = False) -> None:
        torch.manual_seed(task.train.seed)
        super().__init__(task, nn.Linear(1, 1), run, resume=resume)
        self.errors = iter([0.5, 0.1, 0.3, 0.2])
        self.shown: list[torch.Tensor] = []

    @classmethod
    def start(cls, task: Task, out: Path, progress: Any = None) -> Line:
        return cls(task, RunDirectory.create(out, {CONFIG: config_bytes(task)}))

    @classmethod
    def resumed(cls, path: Path, changes: dict[str, Any], progress: Any = None) -> Line:
        run = RunDirectory.open(path)
        return cls(read_config(run, Task, {"train": changes}), run, resume=True)

    def source(self) -> Points:
        return Points()

    def loss(self, batch: Batch, state: Any) -> Outcome:
        loss = (self.model(batch.inputs) - batch.targets).square().mean()
        return Outcome(loss, loss.detach(), 4, None)

    def validate(self) -> Scores:
        self.shown.append(self.model.weight.detach().clone())
        error = next(self.errors)
        return Scores(1.0, {"accuracy": 1 - error}, error)

    def sample(self) -> str:
        return "a line"

    def about(self) -> list[tuple[str, str]]:
        return [("data", "points")]

    def next_steps(self) -> list[str]:
        return ["elman predict"]


def test_the_best_model_is_kept(tmp_path: Path) -> None:
    training = Line.start(Task(), tmp_path / "run")
    events = list(training.events())
    assert [e.best for e in events if isinstance(e, Validated)] == [True, True, False]
    assert [e.text for e in events if isinstance(e, Sampled)] == ["a line"] * 3
    kept = nn.Linear(1, 1)
    load_model(kept, RunDirectory.open(training.run.path).read(MODEL))
    assert torch.equal(kept.weight, training.shown[1])


def test_a_resumed_run_keeps_its_new_configuration(tmp_path: Path) -> None:
    path = Line.start(Task(), tmp_path / "run").run.path
    list(Line(Task(), RunDirectory.open(path)).events())
    stopped = list(Line.resumed(path, {"steps": 8}).events())[-1]
    assert isinstance(stopped, Stopped) and stopped.step == 8
    assert read_config(RunDirectory.open(path), Task).train.steps == 8


def test_a_refused_training_leaves_no_run(tmp_path: Path) -> None:
    task = Task(train=ExampleTrainConfig(steps=1, device="cuda:99"))
    training = Line.start(task, tmp_path / "run")
    with pytest.raises(ConfigError, match="finds no such device"):
        list(training.events())
    assert not (tmp_path / "run").exists()


def test_files_are_named_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    known = {"manual"}.__contains__
    assert absolute("a.txt", known) == str(tmp_path / "a.txt")
    assert absolute("manual", known) == "manual"
    assert absolute(None, known) is None


def sound(content: Any) -> bool:
    return bool(content["labels"][0] == "a")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"labels": []}', '{"labels": ["b"]}', "[" * 100_000]
)
def test_a_damaged_file_of_a_run_is_refused(tmp_path: Path, content: str) -> None:
    run = RunDirectory.create(tmp_path / "run", {"a.json": content.encode()})
    with pytest.raises(RunError, match=r"a\.json is damaged"):
        read_json(run, "a.json", sound)


def test_a_sound_file_of_a_run_is_read(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {"a.json": b'{"labels": ["a"]}'})
    assert read_json(run, "a.json", sound) == {"labels": ["a"]}


def test_changed_data_is_refused(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {"a": b""})
    same_data(run, "a.csv", "one", "one")
    with pytest.raises(DataError, match=r"a\.csv is not what .* was trained on"):
        same_data(run, "a.csv", "one", "two")
