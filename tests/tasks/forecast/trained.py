"""Small tables and trained networks for the tests of `forecast`; holds no tests."""

from __future__ import annotations

import datetime as dates
from pathlib import Path
from typing import Any

import numpy as np

from elman._config import load_config
from elman.tasks.forecast.config import ForecastTask
from elman.tasks.forecast.run import ForecastRun
from elman.tasks.forecast.training import ForecastTraining

SMALL: dict[str, Any] = {
    "horizon": 6,
    "window": {"lookback": 24},
    "model": {"hidden_size": 8, "segment": 6},
    "train": {"batch_size": 16, "windows": 64, "epochs": 2, "lr": 1e-2, "seed": 3},
}
STREAM = {"mode": "autoregressive", "segment": 24, "lags": [3], "head": "normal"}


def table(path: Path, steps: int = 120, *, columns: bool = False, gap: int = 0) -> str:
    """Write two series of hours; with columns also a price known in advance, rain, and a shop."""
    rng = np.random.default_rng(0)
    head = "unique_id,ds,y" + (",price,rain,shop" if columns else "")
    rows = [head]
    for name, size in (("a", 1.0), ("b", 50.0)):
        for k in range(steps):
            if gap and steps // 2 <= k < steps // 2 + gap:
                continue
            time = dates.datetime(2024, 1, 1) + dates.timedelta(hours=k)
            y = size * (10 + 3 * np.sin(2 * np.pi * k / 24) + rng.normal(0, 0.2))
            more = f",{k % 5},{rng.random():.3f},shop {name}" if columns else ""
            rows.append(f"{name},{time},{y:.4f}{more}")
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def config(data: str, **tables: Any) -> ForecastTask:
    """Return a small task, its tables overlaid."""
    content = {
        name: dict(value) if isinstance(value, dict) else value for name, value in SMALL.items()
    }
    for name, value in tables.items():
        content[name] = {**content.get(name, {}), **value} if isinstance(value, dict) else value
    if content["model"].get("mode") == "autoregressive":
        content["model"]["segment"] = 24
    return load_config(ForecastTask, None, {"data": data, **content})


def trained(folder: Path, **tables: Any) -> ForecastRun:
    """Train on a small table and open the run."""
    task = config(tables.pop("data", None) or table(folder / "a.csv"), **tables)
    for _ in ForecastTraining.start(task, folder / "run").events():
        pass
    return ForecastRun.open(folder / "run")
