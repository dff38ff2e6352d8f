"""The sound of utterances, read when it is asked for and kept as far as memory is given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elman.data.audio.manifest import Utterance
from elman.data.audio.read import read_sound
from elman.data.audio.speed import at_speed

__all__ = ["Waves"]

Wave = NDArray[np.float32]


class Waves:
    """Recordings by number, as arrays at one rate; no file stays open.

    What fits into the cache is decoded once; the rest is read from its file each time. Nothing
    is thrown out again: epochs visit everything equally often, where that would never hit.

    Args:
        utterances: What there is.
        rate: Samples per second, Hz.
        cache_mb: Memory for decoded sound, in MB.
    """

    def __init__(self, utterances: Sequence[Utterance], rate: int, cache_mb: int = 0) -> None:
        self.utterances, self.rate = utterances, rate
        self._left = cache_mb * 1_000_000
        self._kept: dict[int, Wave] = {}

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, number: int) -> Wave:
        wave = self._kept.get(number)
        if wave is None:
            wave = read_sound(Path(self.utterances[number].path), self.rate)
            if wave.nbytes <= self._left:
                self._left -= wave.nbytes
                self._kept[number] = wave
        return wave

    @property
    def samples(self) -> NDArray[np.int64]:
        """About how many samples each has, ``(N,)``, from the headers alone."""
        return np.array(
            [max(1, round(u.sound.frames * self.rate / u.sound.rate)) for u in self.utterances],
            np.int64,
        )

    def drawn(self, number: int, speeds: Sequence[float], key: Sequence[int]) -> Wave:
        """Return a recording at one of some speeds, the same for the same key."""
        speed = float(np.random.default_rng(list(key)).choice(np.asarray(speeds)))
        return at_speed(self[number], speed, self.rate)
