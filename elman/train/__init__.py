"""The training loop and all it needs; knows neither models nor data, only their protocols.

Read `loop.py` first. Importing this package does not import torch; the names below arrive when
they are asked for.
"""

from __future__ import annotations

import importlib

HOME = {
    "Batch": "objective",
    "BatchSource": "objective",
    "CheckpointStore": "checkpoint",
    "ClassScores": "classification",
    "Event": "events",
    "ExampleTrainConfig": "config",
    "JsonlWriter": "metrics",
    "Listener": "listener",
    "Objective": "objective",
    "Outcome": "objective",
    "ProgressView": "log",
    "Sampled": "events",
    "Saved": "events",
    "Scores": "objective",
    "Started": "events",
    "Stepped": "events",
    "Stopped": "events",
    "StreamTrainConfig": "config",
    "TensorBoardWriter": "tensorboard",
    "TrainConfig": "config",
    "Validated": "events",
    "bits_per_character": "metrics",
    "calibration_error": "classification",
    "cider_d": "cider",
    "class_scores": "classification",
    "fit": "loop",
    "fit_temperature": "classification",
    "perplexity": "metrics",
    "segmented_backward": "segmented",
    "split_time": "segmented",
}

__all__ = sorted(HOME)


def __getattr__(name: str) -> object:
    if name in HOME:
        return getattr(importlib.import_module(f"elman.train.{HOME[name]}"), name)
    raise AttributeError(f"module 'elman.train' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
