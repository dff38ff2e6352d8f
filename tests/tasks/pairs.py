"""A small translator that the tests of tasks share: letters to their spelled names."""

from __future__ import annotations

import random
from pathlib import Path

from elman._config import load_config
from elman.tasks.translate.config import TranslateTask
from elman.tasks.translate.task import TranslateRun, TranslateTraining

NUMBERS = {"1": "one", "2": "two", "3": "three", "4": "four", "5": "five"}
SMALL = {
    "model": {
        **{"cell": "gru", "hidden_size": 24, "embedding_size": 16, "num_layers": 1},
        **{"decoder_layers": 2, "dropout": 0.0},
    },
    "train": {"batch_size": 16, "epochs": 12, "lr": 0.01, "eval_every": 180},
}


def write_pairs(path: Path, count: int = 600) -> Path:
    """Write numbers and how they are said, ``1 2`` is ``one two``."""
    rng = random.Random(0)
    lines = []
    for _ in range(count):
        digits = rng.choices(list(NUMBERS), k=rng.randint(1, 3))
        said = " ".join(NUMBERS[digit] for digit in digits)
        lines.append(f"{' '.join(digits)}\t{said}\n")
    path.write_text("".join(lines))
    return path


def task_of(data: Path, **tables: object) -> TranslateTask:
    """The small task on some pairs, with tables laid over it."""
    values: dict[str, object] = {"data": str(data)}
    for name in {*SMALL, *tables}:
        given = tables.get(name, {})
        values[name] = {**SMALL.get(name, {}), **given} if isinstance(given, dict) else given
    return load_config(TranslateTask, None, values)


def train(task: TranslateTask, out: Path) -> TranslateRun:
    """Train to the end and open the run."""
    training = TranslateTraining.start(task, out)
    for _ in training.events():
        pass
    return TranslateRun.open(out)
