"""Training and resuming a captioner."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from elman._config import load_config
from elman._errors import ConfigError, DataError, ElmanWarning, RunError
from elman.tasks.caption.config import CaptionTask
from elman.tasks.caption.task import CaptionRun, CaptionTraining
from elman.train.events import Sampled, Stepped, Stopped, Validated
from tests.tasks.caption.squares import task_of, train, write_squares


def test_training_learns_shows_and_keeps_the_best(squares: Path, tmp_path: Path) -> None:
    task = task_of(squares, train={"epochs": 12, "eval_every": 12, "select": "nats"})
    training = CaptionTraining.start(task, tmp_path / "run")
    facts = dict(training.about())
    assert facts["clips"].endswith("96 to train on, 12 to validate, 12 to test")
    assert facts["frames"] == "16 x 16 gray, 10 a second; 672 to train on"
    assert training.next_steps()[0].startswith(f"elman predict {tmp_path}")
    events = list(training.events())
    nats = [event.nats for event in events if isinstance(event, Validated)]
    assert min(nats) < 0.7 * nats[0]
    metrics = next(event.metrics for event in events if isinstance(event, Validated))
    assert set(metrics) >= {"exact match", "CIDEr-D"}
    shown = [event.text for event in events if isinstance(event, Sampled)]
    assert shown and ".npy: " in shown[-1] and "(a square goes" in shown[-1]
    assert isinstance(events[-1], Stopped)
    told = training.sets.valid
    assert told is not None
    kept = CaptionRun.open(tmp_path / "run").narrator
    assert kept.judged(told).nats == pytest.approx(min(nats), rel=1e-5)


@pytest.mark.parametrize("select", ["exact", "cider"])
def test_the_model_may_be_chosen_by_what_it_writes(
    squares: Path, tmp_path: Path, select: str
) -> None:
    task = task_of(squares, train={"epochs": 6, "eval_every": 12, "select": select})
    training = CaptionTraining.start(task, tmp_path / "run")
    events = [event for event in training.events() if isinstance(event, Validated)]
    name = {"exact": "exact match", "cider": "CIDEr-D"}[select]
    best = [event for event in events if event.best][-1]
    assert best.metrics[name] == max(event.metrics[name] for event in events)


def test_a_resumed_training_is_the_one_that_was_not_stopped(squares: Path, tmp_path: Path) -> None:
    settings = {"epochs": 2, "report_every": 1, "schedule": "constant", "eval_every": None}
    task = task_of(squares, train=settings, model={"dropout": 0.2}, video={"brightness": 0.3})
    whole = list(CaptionTraining.start(task, tmp_path / "a").events())
    first = task.model_copy(update={"train": task.train.model_copy(update={"epochs": 1})})
    list(CaptionTraining.start(first, tmp_path / "b").events())
    rest = list(CaptionTraining.resumed(tmp_path / "b", {"epochs": 2}).events())
    wanted = {e.step: e.nats for e in whole if isinstance(e, Stepped)}
    found = {e.step: e.nats for e in rest if isinstance(e, Stepped)}
    assert found and all(wanted[step] == nats for step, nats in found.items())


def test_the_same_seed_is_the_same_network(squares: Path, tmp_path: Path) -> None:
    first, second, other = (
        CaptionTraining.start(task_of(squares, train={"seed": seed}), tmp_path / str(k)).model
        for k, seed in enumerate((0, 0, 1))
    )
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    assert not all(map(torch.equal, first.parameters(), other.parameters()))


def test_other_clips_are_not_taken_up(tmp_path: Path) -> None:
    data = write_squares(tmp_path / "clips", 40)
    list(CaptionTraining.start(task_of(data, train={"epochs": 1}), tmp_path / "run").events())
    np.save(data / "0.npy", np.zeros((7, 16, 16), np.uint8))
    with pytest.raises(DataError, match="is not what .*run was trained on"):
        CaptionTraining.resumed(tmp_path / "run", {"epochs": 2})


def test_what_cannot_work_leaves_nothing_behind(squares: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file or folder"):
        CaptionTraining.start(task_of(tmp_path / "nowhere"), tmp_path / "run")
    with pytest.raises(ConfigError, match="too small for 5 convolutions"):
        CaptionTraining.start(
            task_of(squares, video={"channels": [4] * 5, "size": [8, 8]}), tmp_path / "run"
        )
    assert not (tmp_path / "run").exists()


def test_files_are_named_from_the_root_and_choices_are_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_squares(tmp_path / "clips", 40)
    (data / "held.csv").write_text("file,caption\n0.npy,a square goes left\n")
    monkeypatch.chdir(data)
    task = task_of(Path("clips.csv"), train={"epochs": 1}, video={"valid": "held.csv"})
    list(CaptionTraining.start(task, tmp_path / "run").events())
    monkeypatch.chdir(tmp_path)
    run = CaptionRun.open(tmp_path / "run")
    assert run.task.data == str(data / "clips.csv")
    assert run.task.video.size == (16, 16) and run.task.text.tokenizer == "word"
    assert run.evaluate(split="valid").title == f"{data / 'held.csv'}, 1 clips, greedy"


def test_a_broken_clip_is_counted_before_the_training(tmp_path: Path) -> None:
    data = write_squares(tmp_path / "clips", 40)
    (data / "3.npy").write_bytes(b"\x93NUMPY no more")
    with pytest.warns(ElmanWarning, match=r"3\.npy"):
        training = CaptionTraining.start(task_of(data), tmp_path / "run")
    assert dict(training.about())["left out"] == "1 clips that cannot be read"


def test_without_validation_the_last_model_is_kept(squares: Path, tmp_path: Path) -> None:
    video = {"valid_fraction": 0.0, "test_fraction": 0.0}
    task = task_of(squares, video=video, train={"steps": 2, "epochs": None, "eval_every": None})
    training = CaptionTraining.start(task, tmp_path / "run")
    events = list(training.events())
    assert not any(isinstance(event, Validated) for event in events)
    assert CaptionRun.open(tmp_path / "run")


def test_saved_features_are_told_as_well(squares: Path, tmp_path: Path) -> None:
    folder = tmp_path / "features"
    shutil.copytree(squares, folder)
    for path in folder.glob("*.npy"):
        np.save(path, np.load(path).reshape(7, 16, 16)[:, ::2, ::2].reshape(7, 64).astype("f4"))
    run = train(task_of(folder, train={"epochs": 2}), tmp_path / "run")
    assert run.narrator.facts.frames.shape == (64,)
    assert all(caption.text for _, caption in run.tell([str(folder / "0.npy")]))


def test_a_run_without_a_model_says_so(squares: Path, tmp_path: Path) -> None:
    CaptionTraining.start(task_of(squares), tmp_path / "run")
    with pytest.raises(RunError, match="has no model.safetensors"):
        CaptionRun.open(tmp_path / "run")


def test_the_recipe_is_valid() -> None:
    path = Path(__file__).parents[3] / "recipes" / "moving-digits-caption.toml"
    assert load_config(CaptionTask, path).data == "moving-digits"
