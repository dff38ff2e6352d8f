"""A small transcriber that the tests share: tones for letters, learned in seconds."""

from __future__ import annotations

from pathlib import Path

from elman._config import load_config
from elman.tasks.transcribe.config import TranscribeTask
from elman.tasks.transcribe.run import TranscribeRun
from elman.tasks.transcribe.training import TranscribeTraining
from tests.data.audio.sounds import write_songs

SMALL: dict[str, dict[str, object]] = {
    "audio": {"speed": [1.0], "valid_fraction": 0.2, "test_fraction": 0.2},
    "model": {
        **{"cell": "gru", "hidden_size": 24, "num_layers": 1, "channels": 4, "mels": 16},
        **{"dropout": 0.0, "subsampling": 4},
    },
    "augment": {"frequency_masks": 0, "time_masks": 0},
    "train": {"batch_size": 8, "epochs": 25, "lr": 0.02, "eval_every": 100, "threads": 1},
}


def task_of(data: Path, **tables: dict[str, object]) -> TranscribeTask:
    """The small task on some recordings, with tables laid over it."""
    values: dict[str, object] = {"data": str(data)}
    for name in SMALL:
        values[name] = {**SMALL[name], **tables.get(name, {})}
    return load_config(TranscribeTask, None, values)


def train(task: TranscribeTask, out: Path) -> TranscribeRun:
    """Train to the end and open the run."""
    for _ in TranscribeTraining.start(task, out).events():
        pass
    return TranscribeRun.open(out)


def write(folder: Path, count: int = 60) -> Path:
    """Write recordings and return their table."""
    return write_songs(folder, count)
