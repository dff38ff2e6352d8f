"""Training, resuming, and what is refused before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError, RunError
from elman._run import RunDirectory
from elman.tasks.transcribe.run import TranscribeRun
from elman.tasks.transcribe.training import TranscribeTraining, checked_texts
from elman.train.events import Sampled, Stepped, Stopped, Validated
from tests.data.audio.sounds import tone, write
from tests.tasks.transcribe import songs
from tests.tasks.transcribe.songs import task_of


def test_training_learns_shows_and_keeps_the_best(table: Path, tmp_path: Path) -> None:
    task = task_of(table, train={"epochs": 14, "eval_every": 42})
    training = TranscribeTraining.start(task, tmp_path / "run")
    about = dict(training.about())
    assert about["sound"].endswith("72 to train on, 24 to validate, 24 to test; 1 min")
    assert about["letters"] == "4: ' abc'" and "both directions, 8,000 Hz" in about["network"]
    assert training.next_steps()[0].startswith(f"elman predict {tmp_path}")
    events = list(training.events())
    nats = [event.nats for event in events if isinstance(event, Validated)]
    assert min(nats) < 0.7 * nats[0]
    shown = [event.text for event in events if isinstance(event, Sampled)]
    assert shown and "  (" in shown[-1]
    assert isinstance(events[-1], Stopped)
    best = min(e.metrics["CER"] for e in events if isinstance(e, Validated))
    kept = TranscribeRun.open(tmp_path / "run").evaluate(split="valid")
    assert kept["CER"] == pytest.approx(best)


def test_a_resumed_training_is_the_one_that_was_not_stopped(table: Path, tmp_path: Path) -> None:
    options = {
        "audio": {"speed": [0.9, 1.0, 1.1]},
        "augment": {"frequency_masks": 1, "time_masks": 1},
        "model": {"dropout": 0.2},
        "train": {"epochs": 2, "schedule": "constant", "report_every": 1, "eval_every": 5},
    }
    task = task_of(table, **options)
    whole = list(TranscribeTraining.start(task, tmp_path / "a").events())
    first = task.model_copy(update={"train": task.train.model_copy(update={"epochs": 1})})
    list(TranscribeTraining.start(first, tmp_path / "b").events())
    rest = list(TranscribeTraining.resumed(tmp_path / "b", {"epochs": 2}).events())
    wanted = {e.step: (e.nats, e.grad_norm) for e in whole if isinstance(e, Stepped)}
    found = {e.step: (e.nats, e.grad_norm) for e in rest if isinstance(e, Stepped)}
    assert found and all(wanted[step] == numbers for step, numbers in found.items())
    models = [RunDirectory.open(tmp_path / name).read("model.safetensors") for name in "ab"]
    assert models[0] == models[1]


def test_a_streaming_network_says_its_latency(table: Path, tmp_path: Path) -> None:
    task = task_of(table, model={"streaming": True, "lookahead": 3})
    training = TranscribeTraining.start(task, tmp_path / "run")
    assert dict(training.about())["latency"] == "145 ms from sound to its step"


def test_other_data_is_not_taken_up(tmp_path: Path) -> None:
    table = songs.write(tmp_path / "songs", 20)
    list(TranscribeTraining.start(task_of(table, train={"epochs": 1}), tmp_path / "run").events())
    table.write_text(table.read_text().replace("a\n", "b\n"))
    with pytest.raises(DataError, match="is not what .* was trained on"):
        TranscribeTraining.resumed(tmp_path / "run", {"epochs": 2})


def test_what_cannot_work_leaves_nothing_behind(tmp_path: Path) -> None:
    table = songs.write(tmp_path / "songs", 10)
    out = tmp_path / "run"
    with pytest.raises(DataError, match="none of 6 recordings can be trained on"):
        TranscribeTraining.start(task_of(table, audio={"max_s": 0.01}), out)
    with pytest.raises(DataError, match="letters outside the alphabet ' ab': 'c'.*audio.letters"):
        TranscribeTraining.start(task_of(table, audio={"letters": "ab "}), out)
    assert not out.exists()


def test_letters_may_be_more_than_those_that_are_there(tmp_path: Path) -> None:
    table = songs.write(tmp_path / "songs", 10)
    training = TranscribeTraining.start(task_of(table, audio={"letters": "cbaz "}), tmp_path / "r")
    assert training.alphabet.letters == (" ", "a", "b", "c", "z")


def test_what_is_done_to_the_sound_is_said(tmp_path: Path) -> None:
    table = songs.write(tmp_path, 10)
    write(tmp_path / "000.wav", np.stack([tone(400, 1.0)] * 2, 1))
    data = task_of(table, audio={"valid_fraction": 0.0, "test_fraction": 0.0})
    notes = [fact for word, fact in TranscribeTraining.start(data, tmp_path / "run").about()]
    assert any("several channels, which are mixed into one" in note for note in notes)


def test_files_of_a_run_are_not_trusted(table: Path, tmp_path: Path) -> None:
    list(TranscribeTraining.start(task_of(table, train={"epochs": 1}), tmp_path / "run").events())
    run = RunDirectory.open(tmp_path / "run")
    content = json.loads(run.read("normalisation.json"))
    for wrong in ({}, {**content, "rate": "8000"}, {**content, "mean": content["mean"][:3]}):
        run.write({"normalisation.json": json.dumps(wrong).encode()})
        with pytest.raises(RunError, match="normalisation.json is damaged"):
            TranscribeRun.open(tmp_path / "run")
    run.write({"normalisation.json": json.dumps(content).encode(), "alphabet.json": b'{"a": 1}'})
    with pytest.raises(RunError, match="the alphabet is damaged"):
        TranscribeRun.open(tmp_path / "run")


def test_strange_letters_are_named(both: TranscribeRun, table: Path) -> None:
    from elman.data.audio.config import AudioConfig
    from elman.data.audio.manifest import read_manifest

    found = read_manifest(str(table), AudioConfig())
    checked_texts(found, both.alphabet, "")
