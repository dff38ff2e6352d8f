"""Training: it learns, goes on exactly, and refuses what has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from elman._config import merged
from elman._errors import ConfigError, DataError, RunError
from elman.tasks.compose.run import ComposeRun
from elman.tasks.compose.training import ComposeTraining
from elman.train.events import Validated
from tests.tasks.compose.tunes import EVENTS, ROLL, book, task

FORMS = pytest.mark.parametrize("settings", [EVENTS, ROLL], ids=["events", "roll"])


@FORMS
def test_it_learns(folder: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    training = ComposeTraining.start(task(folder, settings), tmp_path / "run")
    told = [event.nats for event in training.events() if isinstance(event, Validated)]
    assert told[-1] < told[0]
    about = dict(training.about())
    assert "20 pieces to train on" in about["music"] and about["heard as"]
    assert training.sample().startswith("X:1")
    assert training.next_steps()[0].startswith(f"elman generate {tmp_path / 'run'}")


@FORMS
def test_resume_is_bit_exact(folder: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    settings = merged(settings, {"train": {"epochs": None, "steps": 12, "checkpoint_every": 5}})
    whole = ComposeTraining.start(task(folder, settings), tmp_path / "whole")
    list(whole.events())
    half = ComposeTraining.start(task(folder, settings), tmp_path / "half")
    for event in half.events():
        if type(event).__name__ == "Saved" and event.step == 5:
            break
    resumed = ComposeTraining.resumed(tmp_path / "half", {})
    list(resumed.events())
    for (name, one), (_, other) in zip(
        whole.model.state_dict().items(), resumed.model.state_dict().items(), strict=True
    ):
        assert torch.equal(one, other), name


def test_music_that_has_changed_is_refused(tmp_path: Path) -> None:
    folder = book(tmp_path / "music")
    training = ComposeTraining.start(task(folder, EVENTS, train={"epochs": 1}), tmp_path / "run")
    list(training.events())
    with (folder / "march" / "book.abc").open("a") as file:
        file.write("\nX:99\nK:C\nCEGCEGc'\n")
    with pytest.raises(DataError, match="is not what .* was trained on"):
        ComposeTraining.resumed(tmp_path / "run", {})
    with pytest.raises(DataError, match="is not what .* was trained on"):
        ComposeRun.open(tmp_path / "run").evaluate()


def test_nothing_is_left_where_music_cannot_be_read(tmp_path: Path) -> None:
    for data, error in ((tmp_path / "none", DataError), (tmp_path, DataError)):
        with pytest.raises(error):
            ComposeTraining.start(task(data, EVENTS), tmp_path / "run")
    folder = book(tmp_path / "music")
    with pytest.raises(DataError, match="too few for 5000 rows"):
        ComposeTraining.start(task(folder, EVENTS, train={"batch_size": 5000}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_vocabulary_that_was_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    training = ComposeTraining.start(task(folder, EVENTS, train={"epochs": 1}), tmp_path / "run")
    list(training.events())
    (tmp_path / "run" / "vocabulary.json").write_text("{}")
    with pytest.raises(RunError, match="not what was written"):
        ComposeRun.open(tmp_path / "run")


def test_fixed_knobs_stay(folder: Path, tmp_path: Path) -> None:
    settings = merged(EVENTS, {"train": {"epochs": 1, "checkpoint_every": 2}})
    list(ComposeTraining.start(task(folder, settings), tmp_path / "run").events())
    with pytest.raises(ConfigError, match="tbptt_length"):
        list(ComposeTraining.resumed(tmp_path / "run", {"tbptt_length": 8, "epochs": 2}).events())
