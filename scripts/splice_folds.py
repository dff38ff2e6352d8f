"""Train and score the ten folds of the splice junctions, and print the mean.

    python scripts/splice_folds.py FOLDER RUNS [--seed 0]

FOLDER is what ``splice_csv.py`` wrote. Each fold chooses its model by its own validation part and
reads its test part once. A fold whose run is there already is scored, not trained again.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from elman._config import load_config
from elman.tasks.classify.config import ClassifyTask
from elman.tasks.classify.task import ClassifyRun, ClassifyTraining

RECIPE = Path(__file__).parent.parent / "recipes" / "splice.toml"


def trained(fold: Path, out: Path, config: Path, seed: int) -> ClassifyRun:
    """Return the run of a fold, trained if it is not there."""
    if not (out / "model.safetensors").exists():
        files = {"valid": str(fold / "valid.csv"), "test": str(fold / "test.csv")}
        changes = {"data": str(fold / "train.csv"), "dna": files, "train": {"seed": seed}}
        out.parent.mkdir(parents=True, exist_ok=True)
        training = ClassifyTraining.start(load_config(ClassifyTask, config, changes), out)
        for _ in training.events():
            pass
    return ClassifyRun.open(out)


def main(words: list[str]) -> None:
    """Train, score, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--config", type=Path, default=RECIPE)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    torch.set_num_threads(1)  # a batch of short sequences has no work for more
    rows: list[list[float]] = []
    names: list[str] = []
    started = time.monotonic()
    for fold in sorted(given.folder.glob("fold-*")):
        out = given.runs / f"seed-{given.seed}" / fold.name
        report = trained(fold, out, given.config, given.seed).evaluate(baselines=True)
        beside = {name: found["accuracy"] for name, found in report.baselines.items()}
        names = ["this network", *beside]
        rows.append([float(report["accuracy"] or 0), *beside.values()])
        shown = ", ".join(
            f"{name} {100 * value:.2f} %" for name, value in zip(names, rows[-1], strict=True)
        )
        print(f"{fold.name}: {shown}", flush=True)
    found = np.array(rows)
    error = found.std(0, ddof=1) / len(found) ** 0.5
    print(f"\nmean of {len(found)} folds, {(time.monotonic() - started) / 60:.1f} minutes")
    for name, mean, doubt in zip(names, found.mean(0), error, strict=True):
        print(f"{name:<18} {100 * mean:.2f} % +- {100 * doubt:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
