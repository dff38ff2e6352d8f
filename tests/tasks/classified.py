"""A small table that a small classifier learns in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elman._config import load_config, merged
from elman.tasks.classify.config import ClassifyTask

GOOD, BAD = ("good", "fine", "great"), ("bad", "poor", "awful")


def table(path: Path, rows: int = 120) -> Path:
    lines = ["text,label"]
    for n in range(rows):
        word = (GOOD if n % 2 else BAD)[n // 2 % 3]
        label, end = "up" if n % 2 else "down", "really" if n % 5 else "so"
        lines.append(f'"the {n % 7} film is {word}, {end}",{label}')
    path.write_text("\n".join(lines) + "\n")
    return path


def task_of(data: Path, **tables: Any) -> ClassifyTask:
    small = {
        "data": str(data),
        "model": {"hidden_size": 8, "embedding_size": 12, "dropout": 0.2},
        "train": {"epochs": 8, "lr": 0.02, "batch_size": 16, "report_every": 2},
    }
    return load_config(ClassifyTask, None, merged(small, tables))
