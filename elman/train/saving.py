"""When a checkpoint is due, and that it is never one of a training in trouble."""

from __future__ import annotations

import time

from elman.train.checkpoint import CheckpointStore
from elman.train.events import Saved
from elman.train.training import Training

__all__ = ["Saving"]

INTERVAL_S = 60.0
SHARE = 0.02  # of the time, at most, for checkpoints whose moment is ours to choose


class Saving:
    """Saves a training to a store, or nothing where there is no store."""

    def __init__(self, training: Training, store: CheckpointStore | None) -> None:
        self.training = training
        self.store = store
        self._on_disk = self._moment()  # at a fresh start nothing needs to be
        self._at_s = training.elapsed_s
        self._cost_s = 0.0

    def due(self) -> bool:
        """Say whether to save after this step."""
        training, every = self.training, self.training.config.checkpoint_every
        if self.store is None or training.nonfinite:
            return False
        if every is not None:
            return training.step % every == 0
        wait = max(INTERVAL_S, self._cost_s / SHARE)
        return training.validated_step == training.step or training.elapsed_s - self._at_s >= wait

    def save(self) -> list[Saved]:
        """Save, unless this moment is on the disk already, and return what to tell."""
        training = self.training
        if self.store is None or self._on_disk == self._moment():
            return []
        started = time.monotonic()
        path = self.store.save(training.step, training.state_dict())
        self._on_disk, self._at_s = self._moment(), training.elapsed_s
        self._cost_s = time.monotonic() - started
        return [Saved(training.step, path)]

    def _moment(self) -> tuple[int, int | None]:
        return self.training.step, self.training.validated_step
