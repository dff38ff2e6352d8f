"""Small clips that the tests share: a square that goes one way, told in a few words."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from elman._config import load_config
from elman.tasks.caption.config import CaptionTask
from elman.tasks.caption.task import CaptionRun, CaptionTraining

WAYS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
SMALL: dict[str, Any] = {
    "video": {
        "source_frames_per_s": 10,
        "size": [16, 16],
        "channels": [8],
        "features": 24,
        "shapes": 8,
    }
    | {"shift": 0, "brightness": 0.0},
    "model": {"cell": "gru", "hidden_size": 24, "embedding_size": 16, "dropout": 0.0},
    "train": {"batch_size": 16, "lr": 0.005, "epochs": 40, "eval_every": 60, "select": "exact"},
}


def frames_of(way: str, rng: np.random.Generator) -> np.ndarray:
    """A square of 4 pixels on its way through 16 x 16, in 7 frames."""
    down, right = WAYS[way]
    frames = rng.integers(0, 40, (7, 16, 16), dtype=np.uint8)
    top, left = (int(rng.integers(0, 13)) if step == 0 else 6 - 6 * step for step in (down, right))
    for k, frame in enumerate(frames):
        at = max(0, min(12, top + 2 * k * down)), max(0, min(12, left + 2 * k * right))
        frame[at[0] : at[0] + 4, at[1] : at[1] + 4] = 230
    return frames


def write_squares(folder: Path, count: int = 120, *, twice: bool = False) -> Path:
    """Write clips and their manifest; with ``twice`` each has two captions."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for k in range(count):
        way = list(WAYS)[k % 4]
        np.save(folder / f"{k}.npy", frames_of(way, rng))
        rows.append((f"{k}.npy", f"a square goes {way}"))
        if twice:
            rows.append((f"{k}.npy", f"it moves {way}"))
    with (folder / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "caption"), *rows])
    return folder


def task_of(data: Path, **tables: dict[str, Any]) -> CaptionTask:
    """The small task on some clips, with tables laid over it."""
    values: dict[str, Any] = {"data": str(data)}
    for name in {*SMALL, *tables}:
        values[name] = {**SMALL.get(name, {}), **tables.get(name, {})}
    return load_config(CaptionTask, None, values)


def train(task: CaptionTask, out: Path) -> CaptionRun:
    """Train to the end and open what came of it."""
    for _ in CaptionTraining.start(task, out).events():
        pass
    return CaptionRun.open(out)
