"""What needs no network: the most frequent caption, and that of the clip that looks most alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from elman.data.video.captions import Told
from elman.data.video.sampling import Clip

__all__ = ["mean_frame", "most_frequent", "nearest"]

FIELDS = 32
"""Height and width, at most, of the mean frames that are compared."""
ROWS = 256
"""Clips that are compared with all others at once."""

Progress = Callable[[int, int, str], None]


def most_frequent(train: Told) -> str:
    """Return the caption that most clips have; of equally many, that which comes first."""
    return Counter(text for some in train.captions for text in some).most_common(1)[0][0]


def nearest(train: Told, told: Told, progress: Progress | None = None) -> list[str]:
    """Return for each clip the first caption of the training clip with the nearest mean frame.

    Args:
        train: Where captions come from.
        told: The clips.
        progress: Told how far the work is.
    """
    total = len(train) + len(told)

    def means(part: Told, before: int) -> NDArray[np.float32]:
        rows = []
        for k in range(len(part)):
            rows.append(mean_frame(part.clips[k]))
            if progress is not None:
                progress(before + k + 1, total, "mean frames")
        return np.stack(rows)

    known, asked = means(train, 0), means(told, len(train))
    squares = np.square(known).sum(1)
    texts = []
    for first in range(0, len(asked), ROWS):
        distances = squares - 2 * asked[first : first + ROWS] @ known.T  # and a constant of the row
        texts += [train.captions[int(k)][0] for k in distances.argmin(1)]
    return texts


def mean_frame(clip: Clip) -> NDArray[np.float32]:
    """Return the mean of a clip's frames as a vector, large ones averaged over small fields."""
    mean: NDArray[np.float32] = clip.seen().astype(np.float32).mean(0)
    if mean.ndim == 1:
        return mean
    for axis in (0, 1):
        if mean.shape[axis] > FIELDS:
            edges = np.linspace(0, mean.shape[axis], FIELDS + 1).astype(int)
            sizes = np.diff(edges).reshape([-1 if k == axis else 1 for k in range(3)])
            mean = np.asarray(np.add.reduceat(mean, edges[:-1], axis) / sizes, np.float32)
    return mean.ravel()
