"""Recordings as batches of waveforms, and what a run keeps of its data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import DataError
from elman.data.audio.alphabet import Alphabet
from elman.data.audio.manifest import Utterance
from elman.data.audio.waves import Waves
from elman.data.buckets import Buckets
from elman.data.padding import pad
from elman.models.log_mel import LogMel
from elman.models.transcriber import Transcriber, steps_needed
from elman.tasks.training import Progress
from elman.tasks.transcribe.config import TranscribeTask
from elman.train.objective import Batch

__all__ = ["Bands", "UtteranceBatches", "fits", "learn_bands", "padded_waves", "sound_bands"]

Wave = NDArray[np.float32]
BATCH_FRAMES = 60_000
"""Frames in one batch at most, where `train.max_tokens` says nothing."""
LEARNED_FROM = 1000
"""Recordings that mean and deviation of the bands are learned from."""


class Bands(NamedTuple):
    """Mean and deviation of each band of the training data, ``(M,)``."""

    mean: list[float]
    deviation: list[float]


def learn_bands(waves: Waves, features: LogMel, progress: Progress | None = None) -> Bands:
    """Return mean and deviation of the log-mel bands, of at most a thousand recordings."""
    count = len(waves)
    chosen = np.random.default_rng(0).permutation(count)[:LEARNED_FROM]
    frames = 0
    sums = torch.zeros(2, features.mels, dtype=torch.float64)
    for number, row in enumerate(sorted(chosen.tolist()), 1):
        wave = torch.from_numpy(waves[row])[None]
        found = features(wave, torch.tensor([wave.shape[1]]))[0][0].double()
        sums += torch.stack([found.sum(0), found.square().sum(0)])
        frames += len(found)
        if progress is not None:
            progress(number, len(chosen), "listening")
    mean, square = sums / frames
    deviation = (square - mean.square()).clamp(min=0).sqrt()
    return Bands([round(x, 6) for x in mean.tolist()], [round(x, 6) for x in deviation.tolist()])


def sound_bands(content: Any) -> bool:
    """Say whether what a file of a run holds is a rate and the bands' means and deviations."""
    lists = content["mean"], content["deviation"]
    return (
        type(content["rate"]) is int
        and 1000 <= content["rate"] <= 192_000
        and len(lists[0]) == len(lists[1])
        and all(type(x) in (int, float) and math.isfinite(x) for part in lists for x in part)
    )


def padded_waves(waves: Sequence[Wave]) -> tuple[Tensor, Tensor]:
    """Return sounds as one tensor ``(B, N)`` and their lengths ``(B,)``."""
    lengths = torch.tensor([len(wave) for wave in waves])
    padded = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in zip(padded, waves, strict=True):
        row[: len(wave)] = torch.from_numpy(wave)
    return padded, lengths


def fits(
    utterances: Sequence[Utterance],
    samples: NDArray[np.int64],
    alphabet: Alphabet,
    model: Transcriber,
) -> NDArray[np.bool_]:
    """Return which texts have no more letters than their sound has steps, ``(N,)``."""
    ids, sizes = pad([np.array(alphabet.encode(u.text), np.int64) for u in utterances])
    needed = steps_needed(ids, sizes)
    return (needed <= model.steps(torch.from_numpy(samples))).numpy()


def coarse(frames: NDArray[np.int64]) -> NDArray[np.int64]:
    """Round lengths up to powers of the square root of two.

    What is alike in length to the frame is often alike in text and voice too; batches of lengths
    that are roughly alike differ from epoch to epoch.

    Example:
        >>> coarse(np.array([1, 40, 46, 64]))
        array([ 1, 46, 64, 64])
    """
    steps = np.ceil(2 * np.log2(np.maximum(1, frames)) - 1e-9)
    return np.ceil(2 ** (steps / 2)).astype(np.int64)


class UtteranceBatches:
    """Training recordings as batches by number, each at a speed drawn anew in each epoch.

    The first epoch goes from short to long: where there are few letters in few steps, a network
    that knows nothing finds out soonest which is which (SortaGrad).

    Args:
        waves: The sound.
        alphabet: The letters.
        task: Speeds, limits and the seed.
        model: Says how many steps a sound has.

    Attributes:
        too_long: Recordings left out because they are longer than ``audio.max_s``.
        too_short: Recordings left out because their text does not fit into them.

    Raises:
        DataError: If none is left.

    Source:
        SortaGrad: Amodei et al. 2016, arXiv:1512.02595.
    """

    def __init__(
        self, waves: Waves, alphabet: Alphabet, task: TranscribeTask, model: Transcriber
    ) -> None:
        self.waves, self._task = waves, task
        samples, rate = waves.samples, waves.rate
        long = samples > task.audio.max_s * rate
        fastest = np.maximum(1, (samples / max(task.audio.speed)).astype(np.int64) - 1)
        short = ~fits(waves.utterances, fastest, alphabet, model) & ~long
        self.too_long, self.too_short = int(long.sum()), int(short.sum())
        self._rows = np.flatnonzero(~long & ~short)
        if not len(self._rows):
            raise DataError(
                f"none of {len(samples):,} recordings can be trained on: {self.too_long:,} are "
                f"longer than audio.max_s = {task.audio.max_s:g} s, {self.too_short:,} have more "
                f"letters than steps of {1000 * model.step_s:g} ms. Are the transcripts those of "
                "these recordings? Else lower model.subsampling or raise audio.max_s"
            )
        self.texts = [np.array(alphabet.encode(u.text), np.int64) for u in waves.utterances]
        slowest = samples[self._rows] / min(task.audio.speed)
        frames = coarse(np.array([model.features.frames(int(n) + 1) for n in slowest], np.int64))
        most = task.train.max_tokens
        if most is None and task.train.batch_size * frames.max() > BATCH_FRAMES:
            most = BATCH_FRAMES
        self._buckets = Buckets(
            frames, task.train.batch_size, seed=task.train.seed, max_tokens=most
        )
        longest = [frames[self._buckets.rows(0, k)].max() for k in range(len(self._buckets))]
        self._first = np.argsort(longest, kind="stable")

    def __len__(self) -> int:
        return len(self._buckets)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``: waves and lengths, ids and sizes."""
        if epoch == 0:
            index = int(self._first[index])
        rows = self._rows[self._buckets.rows(epoch, index)].tolist()
        seed, speeds = self._task.train.seed, self._task.audio.speed
        waves = [self.waves.drawn(row, speeds, (seed, epoch, row)) for row in rows]
        return Batch(padded_waves(waves), pad([self.texts[row] for row in rows]), fresh=True)
