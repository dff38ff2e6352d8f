"""Everything that changes while a model trains, as one value that is saved and taken up whole.

`loop.py` moves it forward; `checkpoint.py` keeps it. A field that is missing in `state_dict`
is a resume that is not exact.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from elman._errors import ConfigError, RunError
from elman.train.average import WeightAverage, ema_weight
from elman.train.config import TrainConfig
from elman.train.nest import map_nest
from elman.train.optim import NonMonotonic, make_optimizers, parameter_groups
from elman.train.rng import capture_rng, restore_rng
from elman.train.schedule import Schedule

__all__ = ["Meter", "Training", "use_device"]


@dataclass
class Meter:
    """What is counted between two reports."""

    nats: float = 0.0  # sum over counted tokens
    counted: int = 0  # tokens in applied steps
    tokens: int = 0
    seconds: float = 0.0
    skipped: int = 0
    grad_norm: float = math.nan
    lr: float = math.nan


class Training:
    """The state of a training.

    Args:
        model: Moved to the configured device; learns in place.
        batches: Batches of an epoch.
        config: The knobs.
    """

    def __init__(self, model: nn.Module, batches: int, config: TrainConfig) -> None:
        self.config = config
        self.device = use_device(config)
        self.model = model.to(self.device)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        if not self.parameters or not batches:
            what = "parameters that learn" if batches else "batches in an epoch"
            raise ConfigError(f"nothing to train: there are no {what}")
        self.optimizers = make_optimizers(parameter_groups(model), config)
        self.schedule = Schedule(config)
        self.trigger = NonMonotonic(config.asgd_interval)
        self.average = WeightAverage(self.parameters) if config.ema_decay else None
        self.batches = batches
        # where we are: optimiser steps, and the cursor into the batches
        self.step = self.epoch = self.index = 0
        self.carried: Any = None  # the state after the last window, without a graph
        self.meter = Meter()
        self.nonfinite = 0  # in a row
        self.skipped = 0  # altogether
        self.best = math.inf
        self.best_step: int | None = None
        self.without_gain = 0  # validations since the best
        self.validated_step: int | None = None
        self._before = 0.0  # seconds in earlier runs
        self._start = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds of training since the very start."""
        return self._before + time.monotonic() - self._start

    @property
    def progress(self) -> float:
        """Part of the training that is done, by the nearest limit, 0 to 1."""
        return min(1.0, max(self._parts().values()))

    def over(self) -> str | None:
        """Return the name of the limit that is reached, or None."""
        patience = self.config.patience
        if patience is not None and self.without_gain >= patience:
            return "patience"
        return next((name for name, part in self._parts().items() if part >= 1), None)

    def _parts(self) -> dict[str, float]:
        config, parts = self.config, {}
        if config.steps is not None:
            parts["steps"] = self.step / config.steps
        if config.epochs is not None:
            parts["epochs"] = (self.epoch + self.index / self.batches) / config.epochs
        if config.minutes is not None:
            parts["minutes"] = self.elapsed_s / (60 * config.minutes)
        return parts

    def advance(self) -> None:
        """Move the cursor behind one batch."""
        self.index += 1
        if self.index == self.batches:
            self.epoch, self.index = self.epoch + 1, 0

    def learn(self) -> float:
        """Apply the gradients and return the learning rate."""
        lr = self.config.lr * self.schedule.factor(self.step, self.progress)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.step()
        if self.average is not None:
            n = self.average.updates
            decay = self.config.ema_decay
            self.average.update(ema_weight(decay, n) if decay else 1 / (n + 1))
        return lr

    def forget_gradients(self) -> None:
        """Drop all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def validated(self, score: float) -> bool:
        """Take note of a validation, lower is better; return whether it is the best so far."""
        known = score if math.isfinite(score) else math.inf
        best = known < self.best
        if best:
            self.best, self.best_step, self.without_gain = known, self.step, 0
        else:
            self.without_gain += 1
        self.validated_step = self.step
        self.schedule.validated(known)
        nt_asgd = self.config.optimizer == "nt-asgd"
        if nt_asgd and self.trigger.validated(known) and self.average is None:
            self.average = WeightAverage(self.parameters)
        return best

    @contextmanager
    def on_show(self) -> Iterator[None]:
        """Hold the model as it would be kept: averaged, in eval mode; its dropout undisturbed."""
        averaged = self.average.in_use() if self.average is not None else nullcontext()
        devices = [self.device] if self.device.type == "cuda" else []
        with averaged, torch.random.fork_rng(devices):
            self.model.eval()
            try:
                yield
            finally:
                self.model.train()

    def finish(self) -> None:
        """Leave the model with the weights to use, in eval mode."""
        if self.average is not None:
            self.average.apply()
        self.model.eval()

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes; the tensors are the live ones, not copies."""
        return {
            "fixed": {name: getattr(self.config, name) for name in self.config.fixed},
            "batches": self.batches,
            "model": dict(self.model.state_dict()),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "schedule": self.schedule.state_dict(),
            "trigger": self.trigger.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "carried": self.carried,
            "cursor": (self.step, self.epoch, self.index),
            "meter": asdict(self.meter),
            "nonfinite": (self.nonfinite, self.skipped),
            "best": (self.best, self.best_step, self.without_gain, self.validated_step),
            "elapsed_s": self.elapsed_s,
            "rng": capture_rng(self.device),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned.

        Raises:
            ConfigError: If the configuration has changed in what cannot change on the way.
            RunError: If the state does not fit the model.
        """
        try:
            self._check_fixed(state["fixed"], state["batches"])
            self.model.load_state_dict(state["model"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)
            self.schedule.load_state_dict(state["schedule"])
            self.trigger.load_state_dict(state["trigger"])
            if state["average"] is not None:
                self.average = WeightAverage(self.parameters)
                self.average.load_state_dict(state["average"])
            self.carried = map_nest(lambda tensor: tensor.to(self.device), state["carried"])
            self.step, self.epoch, self.index = map(int, state["cursor"])
            self.meter = Meter(**state["meter"])
            self.nonfinite, self.skipped = state["nonfinite"]
            self.best, self.best_step, self.without_gain, self.validated_step = state["best"]
            self._before, self._start = state["elapsed_s"], time.monotonic()
            restore_rng(state["rng"], self.device)
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            if isinstance(error, ConfigError):
                raise
            raise RunError(
                f"the checkpoint does not fit this model: {type(error).__name__}: {error}. "
                "Resume with the configuration that it was trained with"
            ) from error

    def _check_fixed(self, saved: dict[str, Any], batches: int) -> None:
        for name, was in saved.items():
            now = getattr(self.config, name)
            if was != now:
                raise ConfigError(
                    f"cannot resume: train.{name} was {was!r} and is {now!r}. "
                    "Set it back, or start a new run"
                )
        if batches != self.batches:
            raise ConfigError(
                f"cannot resume: an epoch had {batches} batches and has {self.batches}. "
                "Give the data that the run was started with"
            )


def use_device(config: TrainConfig) -> torch.device:
    """Set the number of threads and return the device.

    Raises:
        ConfigError: If this machine, or this build of torch, does not have it.
    """
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    device = torch.device(config.device)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.mps.is_available()}
    if device.type == "cuda" and there["cuda"]:
        there["cuda"] = (device.index or 0) < torch.cuda.device_count()
    if not there[device.type]:
        raise ConfigError(
            f"train.device = '{config.device}': torch {torch.__version__} finds no such device "
            "here. Use 'cpu', or install a build of torch for it"
        )
    return device
