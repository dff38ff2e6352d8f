"""Speed perturbation: the same words, said faster or slower, and so higher or lower."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.data.audio.read import resampled

__all__ = ["at_speed"]


def at_speed(wave: NDArray[np.float32], factor: float, rate: int) -> NDArray[np.float32]:
    """Play a sound ``factor`` times as fast; pitch rises with it.

    Args:
        wave: Samples, ``(N,)``.
        factor: 1.1 is a tenth faster.
        rate: Samples per second, Hz.

    Shape:
        - returns: about ``(N / factor,)``

    Source:
        Ko et al. 2015, Audio augmentation for speech recognition, Interspeech.

    Example:
        >>> len(at_speed(np.zeros(8000, np.float32), 1.25, 8000))
        6400
    """
    if factor == 1:
        return wave
    faster = resampled(wave, factor * rate, rate)
    return faster if len(faster) else wave[:1]
