"""Small tables of recordings that small networks learn in a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def table(
    path: Path,
    *,
    label: str = "name",
    count: int = 60,
    people: int = 6,
    timed: bool = False,
    missing: float = 0.0,
    seed: int = 0,
) -> Path:
    """Write recordings that rise or fall; the label: which, how steeply, or where each step is."""
    rng = np.random.default_rng(seed)
    lines = ["id,subject," + ("time," if timed else "") + "x,y,label"]
    for k in range(count):
        slope = rng.uniform(0.5, 2.0) * (1 if k % 2 else -1)
        steps = int(rng.integers(6, 14))
        time = np.cumsum(rng.exponential(1.0, steps)) if timed else np.arange(steps)
        for step in range(steps):
            x, y = slope * time[step] + rng.normal(0, 0.3), rng.normal()
            told = {
                "name": "up" if slope > 0 else "down",
                "number": f"{slope:.4f}",
                "steps": "high" if slope * time[step] > 0 else "low",
            }[label]
            cells = ["" if rng.random() < missing else f"{v:.4f}" for v in (x, y)]
            stamp = f"{time[step]:.4f}," if timed else ""
            lines.append(f"{k},p{k // 2 % people},{stamp}{cells[0]},{cells[1]},{told}")
    path.write_text("\n".join(lines) + "\n")
    return path


def without_labels(path: Path, out: Path, *, first: int | None = None) -> Path:
    """Write a table without its last column, and of one recording alone if asked for."""
    lines = path.read_text().splitlines()
    kept = [
        lines[0],
        *(line for line in lines[1:] if first is None or line.startswith(f"{first},")),
    ]
    out.write_text("\n".join(line.rpartition(",")[0] for line in kept) + "\n")
    return out
