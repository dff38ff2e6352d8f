"""Clips of unequal lengths as one array of frames, altered in training so that each is new.

A clip is altered as a whole, all its frames alike: moved, enlarged, mirrored, made brighter. The
frames stand one after the other without padding, so that none is computed in vain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.video.arrays import is_frames
from elman.data.video.config import VideoConfig
from elman.data.video.sampling import Clip

__all__ = ["Packed", "altered", "packed"]


class Packed(NamedTuple):
    """The frames of a batch.

    Args:
        frames: Those of all clips, clip after clip, ``(N, H, W, C)`` uint8; or features
            ``(N, E)`` float32.
        lengths: How many each clip has, ``(B,)`` int64.
    """

    frames: NDArray[Any]
    lengths: NDArray[np.int64]


def packed(
    clips: Sequence[Clip], config: VideoConfig, rng: np.random.Generator | None = None
) -> Packed:
    """Lay clips one after the other.

    Args:
        clips: B of them, of one size.
        config: How they are altered.
        rng: In training: where chances come from; None alters nothing.

    Example:
        >>> clip = Clip(np.zeros((3, 8, 8, 1), np.uint8), np.array([[0], [1], [1], [2]], np.int32))
        >>> batch = packed([clip, clip], VideoConfig())
        >>> batch.frames.shape, batch.lengths
        ((8, 8, 8, 1), array([4, 4]))
    """
    seen = [clip.seen(rng) for clip in clips]
    lengths = np.array([len(frames) for frames in seen], np.int64)
    if not is_frames(seen[0]):
        return Packed(np.concatenate(seen).astype(np.float32), lengths)
    if rng is not None:
        seen = [altered(frames, config, rng) for frames in seen]
    return Packed(np.concatenate(seen), lengths)


def altered(
    frames: NDArray[Any], config: VideoConfig, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the frames of one clip ``(T, H, W, C)``, altered by chance."""
    height, width = frames.shape[1:3]
    down, right = rng.integers(-config.shift, config.shift + 1, size=2)
    zoom = 1 + config.zoom * rng.uniform(-1, 1)
    mirror = config.flip and rng.random() < 0.5
    gain = 1 + config.brightness * rng.uniform(-1, 1)
    rows = (np.arange(height) - (height - 1) / 2) / zoom + (height - 1) / 2 - down
    columns = (np.arange(width) - (width - 1) / 2) / zoom + (width - 1) / 2 - right
    columns = columns[::-1] if mirror else columns
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)  # the border goes on
    if config.zoom:
        light = np.einsum("hr,trwc->thwc", between(rows, height), frames.astype(np.float32))
        light = np.einsum("vw,thwc->thvc", between(columns, width), light)
        return np.asarray((light * gain + 0.5).clip(0, 255), np.uint8)
    moved = frames[:, rows.astype(np.int64)][:, :, columns.astype(np.int64)]
    if not config.brightness:
        return np.asarray(moved, np.uint8)
    brighter: NDArray[np.uint8] = (np.arange(256) * gain + 0.5).clip(0, 255).astype(np.uint8)
    return np.take(brighter, moved)


def between(places: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """Return the weights ``(P, size)`` that interpolate linearly at ``places``."""
    weights = np.zeros((len(places), size), np.float32)
    below = np.minimum(places.astype(np.int64), size - 1)
    above = np.minimum(below + 1, size - 1)
    part = (places - below).astype(np.float32)
    np.add.at(weights, (np.arange(len(places)), below), 1 - part)
    np.add.at(weights, (np.arange(len(places)), above), part)
    return weights
