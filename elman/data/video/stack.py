"""Many clips in one NPZ: their frames one after the other, and what is known of each."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.video.arrays import CONTENT, array_clip, is_frames
from elman.data.video.config import VideoConfig
from elman.data.video.sampling import FINE, Clip

__all__ = ["Stack", "is_stack", "open_stack"]


@dataclass(frozen=True)
class Stack:
    """Clips whose frames, or features, stand one after the other.

    Args:
        content: Frames of all clips, ``(N, H, W)``, ``(N, H, W, C)``, or features ``(N, E)``.
        starts: Where each clip begins, and the end, ``(clips + 1,)``.
        facts: What else the file says of each clip, as text, by the name of its array.
        rate: Frames in a second.
    """

    content: NDArray[Any]
    starts: NDArray[np.int64]
    facts: Mapping[str, list[str]]
    rate: float

    def __len__(self) -> int:
        return len(self.starts) - 1

    def clip(self, k: int, config: VideoConfig, *, fine: bool = False) -> Clip:
        """Return what is looked at of clip ``k``."""
        content = self.content[self.starts[k] : self.starts[k + 1]]
        return array_clip(
            content,
            self.rate,
            config,
            config.rate or (config.frames or 1) * self.rate / len(content),
            fine=FINE if fine and config.jitter else 1,
            most=config.frames or config.max_frames,
            exact=config.frames,
        )


def is_stack(path: Path) -> bool:
    """Say whether an NPZ holds frames of many clips; only the heads of its arrays are read."""
    try:
        with zipfile.ZipFile(path) as file:
            names = [name.removesuffix(".npy") for name in file.namelist()]
            if "lengths" not in names:
                return False
            for name in CONTENT:
                if name in names:
                    with file.open(f"{name}.npy") as array:
                        version = np.lib.format.read_magic(array)
                        read = np.lib.format.read_array_header_1_0
                        if version != (1, 0):
                            read = np.lib.format.read_array_header_2_0
                        shape, _, dtype = read(array)
                        return is_frames(np.empty((0, *shape[1:]), dtype))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return False  # whoever reads it says what is wrong
    return False


def open_stack(path: Path, config: VideoConfig) -> Stack:
    """Open an NPZ with ``X`` (or ``frames``, ``features``), ``lengths`` and a value for each clip.

    Raises:
        DataError: If it is not such a file, or its parts do not fit together.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a sound NPZ file: {error}") from None
    name = next((name for name in CONTENT if name in arrays), None)
    if name is None or "lengths" not in arrays:
        raise DataError(
            f"{path}: a set of clips in one file has an array of frames ({', '.join(CONTENT[:3])}) "
            f"and one called lengths. There are: {', '.join(arrays) or 'none'}"
        )
    content, lengths = arrays.pop(name), arrays.pop("lengths")
    rate = float(arrays.pop("fps", config.source_frames_per_s))
    if not (is_frames(content) or (content.ndim == 2 and content.dtype.kind in "fiu")):
        raise DataError(
            f"{path}: expected '{name}' to be frames (N, H, W) or (N, H, W, 3) of uint8, or "
            f"features (N, E), got {content.dtype} {content.shape}"
        )
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or not len(lengths):
        raise DataError(
            f"{path}: lengths must be whole numbers (clips,), got {lengths.dtype} {lengths.shape}"
        )
    if lengths.min() < 1 or int(lengths.sum()) != len(content):
        raise DataError(
            f"{path}: lengths must be at least 1 and sum to the {len(content):,} frames of "
            f"'{name}'; the least is {lengths.min()}, the sum {int(lengths.sum()):,}"
        )
    if not rate > 0:
        raise DataError(f"{path}: fps must be more than 0, got {rate}")
    facts = {
        other: [str(value) for value in array.tolist()]
        for other, array in arrays.items()
        if array.shape == (len(lengths),) and array.dtype.kind in "iubUSf"
    }
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return Stack(content, starts, facts, rate)
