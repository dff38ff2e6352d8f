"""Frames or features that were saved as NumPy arrays, for one clip or for a whole set."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.video.config import VideoConfig
from elman.data.video.errors import BrokenClip
from elman.data.video.look import Look, Scaler
from elman.data.video.sampling import ROUNDING_S, Clip, moment

__all__ = ["ArrayFile", "array_clip", "is_array_file", "is_frames"]

ONE_AT_A_TIME = Lock()
"""NumPy parses a header as Python, which Python 3.11 cannot do in two threads at once."""
CONTENT = ("frames", "X", "x", "video", "features", "arr_0")


def is_array_file(path: Path) -> bool:
    """Say whether a file holds NumPy arrays, by its name."""
    return path.suffix.lower() in (".npy", ".npz") and not path.name.startswith(".")


def is_frames(array: NDArray[Any]) -> bool:
    """Say whether an array is frames ``(T, H, W)`` or ``(T, H, W, C)``, not features."""
    return array.dtype == np.uint8 and (
        array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3))
    )


def opened(path: Path, rate: float) -> tuple[NDArray[Any], float]:
    """Return a file's array, and its rate if it says one; a ``.npy`` is mapped, not read."""
    if path.suffix.lower() == ".npy":
        return np.load(path, mmap_mode="r", allow_pickle=False), rate
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        known = [name for name in CONTENT if name in arrays] or list(arrays)[:1]
        if not known:
            raise BrokenClip(f"{path}: holds no array")
        return arrays[known[0]], float(arrays["fps"]) if "fps" in arrays else rate


@dataclass(frozen=True)
class ArrayFile:
    """The frames or features of one clip.

    Args:
        content: ``(T, H, W)``, ``(T, H, W, C)`` uint8, or ``(T, E)`` numbers.
        rate: Of them in a second.
        name: For messages.
    """

    content: NDArray[Any]
    rate: float
    name: str

    @classmethod
    def open(cls, path: Path, rate: float) -> ArrayFile:
        """Open a file; a ``.npy`` is mapped, not read.

        Raises:
            BrokenClip: If it holds no such array.
        """
        try:
            with ONE_AT_A_TIME:
                content, rate = opened(path, rate)
        except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile) as error:
            if isinstance(error, BrokenClip):
                raise
            raise BrokenClip(f"{path}: not a sound NumPy file: {error}") from None
        features = content.ndim == 2 and content.dtype.kind in "fiu"
        if not (features or is_frames(content)) or not len(content):
            raise BrokenClip(
                f"{path}: expected frames (T, H, W) or (T, H, W, 3) of uint8, or features (T, E), "
                f"got {content.dtype} {content.shape}"
            )
        if not rate > 0:
            raise BrokenClip(f"{path}: fps must be more than 0, got {rate}")
        return cls(content, rate, str(path))

    @property
    def end_s(self) -> float:
        """When the last of them goes."""
        return len(self.content) / self.rate

    def clip(self, config: VideoConfig, rate: float, *, start_s: float, end_s: float | None,
             **options: Any) -> Clip:  # fmt: skip
        """Return what is looked at."""
        first = int(start_s * self.rate + 1e-6)
        last = None if end_s is None else max(first + 1, int(np.ceil(end_s * self.rate - 1e-6)))
        content = self.content[first:last]
        if not len(content):
            raise BrokenClip(f"{self.name}: holds no frame after {start_s:.2f} s")
        return array_clip(content, self.rate, config, rate, **options)


def array_clip(
    content: NDArray[Any],
    source_rate: float,
    config: VideoConfig,
    rate: float,
    *,
    fine: int,
    most: int,
    exact: int | None,
) -> Clip:
    """Return a clip of what is stacked in an array; see `sampling.collected`.

    Args:
        content: ``(N, ...)``.
        source_rate: Of them in a second.
        config: Size and colours of frames.
        rate: Stretches in a second.
        fine: Moments in a stretch.
        most: Stretches at most.
        exact: So many stretches.
    """
    steps = exact
    if steps is None:  # as many as have their middle before the end
        reached = int(np.ceil((len(content) / source_rate - ROUNDING_S) * rate - 0.5))
        steps = min(most, max(1, reached))
        short = reached < 1
    else:
        short = False
    times = np.array([moment(k, rate, fine) for k in range(steps * fine)])
    places = np.minimum(((times + ROUNDING_S) * source_rate).astype(np.int64), len(content) - 1)
    if short:
        places[:] = len(content) - 1
    used, index = np.unique(places, return_inverse=True)
    left_out = (
        exact is None and moment(most * fine, rate, fine) + ROUNDING_S < len(content) / source_rate
    )
    frames = np.ascontiguousarray(content[used])
    if is_frames(frames):
        height, width = config.size or frames.shape[1:3]
        scaler = Scaler(Look(height, width, config.planes, config.fit == "crop"))
        frames = np.stack([scaler.array(frame) for frame in frames])
    elif not np.isfinite(frames).all():
        raise BrokenClip(f"features must be finite numbers, got {frames.ravel()[0]} or the like")
    return Clip(frames, index.astype(np.int32).reshape(steps, fine), left_out)
