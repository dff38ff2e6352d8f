"""Recordings with numbers to learn, as batches, and what a regressor says of many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.buckets import Buckets, scoring_batches
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.sets import numbers_of
from elman.models.generate import evaluating
from elman.models.regressor import SequenceRegressor
from elman.tasks.regress.targets import TargetScale
from elman.tasks.signals import SignalReader
from elman.tasks.training import Progress
from elman.train.config import ExampleTrainConfig
from elman.train.objective import Batch

__all__ = ["NumberBatches", "Numbered", "Told", "told_of"]

MOST_STEPS = 1 << 16
"""Rows in one batch, padding included, where nobody says otherwise: what bounds memory."""
SCORED = 256
"""Recordings scored at once, at most."""
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Numbered:
    """Recordings with their numbers.

    Args:
        recordings: N of them.
        numbers: ``(N,)``, as they stand in the file.
    """

    recordings: Recordings
    numbers: NDArray[np.float64]

    @classmethod
    def of(cls, recordings: Recordings) -> Numbered:
        """Read the numbers of recordings from their labels."""
        return cls(recordings, numbers_of(recordings))

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, key: int) -> Recording:
        return self.recordings.items[key]

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Rows of each, ``(N,)``."""
        return np.array([len(item) for item in self.recordings], np.int64)


class NumberBatches:
    """Recordings as batches by number, of like length.

    Args:
        reader: Encodes recordings.
        examples: The training part.
        scale: Of the numbers.
        config: Sizes of a batch, and the seed.
    """

    def __init__(
        self,
        reader: SignalReader,
        examples: Numbered,
        scale: TargetScale,
        config: ExampleTrainConfig,
    ) -> None:
        self._reader, self._examples, self._seed = reader, examples, config.seed
        self._targets = scale.apply(examples.numbers).astype(np.float32)[:, None]
        most = config.max_tokens
        if most is None and config.batch_size * int(examples.lengths.max(initial=1)) > MOST_STEPS:
            most = MOST_STEPS
        self._buckets = Buckets(
            examples.lengths, config.batch_size, seed=config.seed, max_tokens=most
        )

    def __len__(self) -> int:
        return len(self._buckets)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``: inputs and lengths, targets ``(B, 1)``."""
        rows = self._buckets.rows(epoch, index)
        rng = np.random.default_rng([self._seed, epoch, index])
        inputs = self._reader.collate([self._examples[int(k)] for k in rows], rng)
        return Batch(inputs, torch.from_numpy(self._targets[rows]), fresh=True)


class Told(NamedTuple):
    """What a regressor says of N sequences, in the units of the numbers.

    Attributes:
        mean: ``(N,)``.
        deviation: ``(N,)`` of the normal distribution around each; None where there is none.
    """

    mean: Floats
    deviation: Floats | None


@torch.inference_mode()
def told_of(
    model: SequenceRegressor,
    reader: SignalReader,
    scale: TargetScale,
    items: Sequence[Recording],
    progress: Progress | None = None,
) -> Told:
    """Return what is said of recordings, in their order; the model as in evaluation."""
    mean, deviation = np.empty(len(items)), np.empty(len(items))
    done = 0
    with evaluating(model):
        for rows in scoring_batches([len(item) for item in items], SCORED, MOST_STEPS):
            inputs, lengths = reader.collate([items[int(k)] for k in rows])
            said = model(inputs.to(model.device), lengths.to(model.device))
            mean[rows] = said.mean[:, 0].double().cpu().numpy()
            if said.log_variance is not None:
                deviation[rows] = (said.log_variance[:, 0] / 2).exp().double().cpu().numpy()
            done += len(rows)
            if progress is not None:
                progress(done, len(items), "scoring")
    normal = model.config.output == "normal"
    return Told(scale.undo(mean), deviation * scale.deviation if normal else None)
