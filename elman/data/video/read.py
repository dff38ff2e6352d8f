"""One clip, whatever it lies in: a video file, a folder of images, saved frames or features.

`read_clip` takes it whole, thinned to the moments that are looked at; `stream_frames` gives the
same frames one by one, of files without end too.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError, DataError
from elman.data.video.arrays import ArrayFile, is_array_file
from elman.data.video.config import VideoConfig
from elman.data.video.container import (
    Shown,
    file_end,
    file_frames,
    folder_frames,
    image_files,
    is_image,
)
from elman.data.video.errors import BrokenClip
from elman.data.video.look import Look
from elman.data.video.sampling import FINE, Clip, arriving, collected, windowed

__all__ = ["SIZE", "Clip", "is_clip", "is_video", "look_of", "read_clip", "stream_frames"]

VIDEOS = (
    *(".mp4", ".m4v", ".mov", ".avi", ".webm", ".mkv", ".gif", ".mpg", ".mpeg", ".ts", ".mts"),
    *(".wmv", ".flv", ".ogv", ".3gp"),
)
SIZE = (48, 48)
"""Height and width of the frames that are looked at, where nobody says otherwise."""


def is_video(path: Path) -> bool:
    """Say whether a file is video, by its name.

    Example:
        >>> is_video(Path("a.MP4")), is_video(Path("a.txt"))
        (True, False)
    """
    return path.suffix.lower() in VIDEOS and not path.name.startswith(".")


def is_clip(path: Path) -> bool:
    """Say whether a path is one clip: video, saved frames, or a folder with images in it."""
    if path.is_dir():
        return any(is_image(file) for file in path.iterdir())
    return is_video(path) or is_array_file(path)


def look_of(config: VideoConfig) -> Look:
    """Return what frames become."""
    return Look(*(config.size or SIZE), config.planes, config.fit == "crop")


def read_clip(
    path: str | Path,
    config: VideoConfig,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    fine: bool = False,
) -> Clip:
    """Read the frames of a clip that are looked at; only those are held.

    Args:
        path: A video file, a folder of images, or a ``.npy`` or ``.npz`` file with frames
            ``(T, H, W)``, ``(T, H, W, C)`` or features ``(T, E)``.
        config: Size, colours and sampling.
        start_s: Where in the file the clip begins.
        end_s: Where it ends; None: with the file.
        fine: Also keep what `Clip.seen` may draw in training.

    Raises:
        BrokenClip: If the clip is damaged, cut off or no video.
        DataError: If PyAV is needed and missing.
    """
    path = Path(path)
    moments = FINE if fine and config.jitter else 1
    ends: float | None = end_s
    if config.rate is None:
        ends = min(clip_end(path, config), np.inf if end_s is None else end_s)
        if ends <= start_s:
            raise BrokenClip(f"{path}: ends at {ends:.2f} s, before {start_s:.2f} s")
    rate = config.rate or (config.frames or 1) / ((ends or 0.0) - start_s)
    options: dict[str, Any] = {
        "fine": moments, "most": config.frames or config.max_frames, "exact": config.frames,
    }  # fmt: skip
    if is_array_file(path):
        content = ArrayFile.open(path, config.source_frames_per_s)
        return content.clip(config, rate, start_s=start_s, end_s=ends, **options)
    try:
        with closing(frames_of(path, config, start_s)) as shown:
            return collected(windowed(shown, start_s, ends), rate, **options)
    except BrokenClip as error:
        if str(path) in str(error):
            raise
        beyond = f"holds no frame after {start_s:.2f} s" if start_s else str(error)
        raise BrokenClip(f"{path}: {beyond}") from None


def frames_of(path: Path, config: VideoConfig, start_s: float) -> Generator[Shown, None, None]:
    """Yield all frames of a file or folder."""
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder")
    look = look_of(config)
    if path.is_dir():
        yield from folder_frames(path, look, config.source_frames_per_s)
    else:
        with closing(file_frames(path, look, start_s=start_s)) as shown:
            yield from shown


def clip_end(path: Path, config: VideoConfig) -> float:
    """Return when the last frame of a clip goes, in seconds."""
    if path.is_dir():
        return len(image_files(path)) / config.source_frames_per_s
    if is_array_file(path):
        return ArrayFile.open(path, config.source_frames_per_s).end_s
    return file_end(path)


def stream_frames(source: str, config: VideoConfig) -> Iterator[tuple[float, NDArray[Any]]]:
    """Yield the frames that are looked at as they come, each with the end of its stretch in s.

    What comes until a moment is the same as `read_clip` of the file up to there.

    Args:
        source: A video file, a folder of images or a NumPy file, or ``-``: bytes of a video on
            standard input.
        config: Size, colours and rate.

    Raises:
        ConfigError: If the clip's length decides which frames are looked at.
        BrokenClip: If the video turns out damaged, after the good frames.
    """
    if config.rate is None:
        raise ConfigError(
            f"video.frames = {config.frames} spreads frames over a whole clip, so nothing can be "
            "said before its end. Train with video.frames_per_s instead"
        )
    if is_array_file(Path(source)):
        for k, frame in enumerate(read_clip(source, config).seen()):
            yield (k + 1) / config.rate, frame
        return
    if source == "-":
        shown: Generator[Shown, None, None] = file_frames(
            sys.stdin.buffer, look_of(config), check=False
        )
    else:
        shown = frames_of(Path(source), config, 0.0)
    with closing(shown):
        yield from arriving(shown, config.rate)
