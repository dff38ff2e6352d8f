"""Clips as `elman predict` is given them: files, standard input, a video that goes on."""

from __future__ import annotations

import itertools
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from elman._errors import ConfigError, DataError, ElmanWarning
from elman.data.video.captions_config import CaptionedConfig
from elman.data.video.errors import BrokenClip
from elman.data.video.look import Image
from elman.data.video.read import read_clip, stream_frames
from elman.data.video.sampling import Clip

__all__ = ["NamedClip", "named_clips", "windows"]

STDIN = "-"


@dataclass(frozen=True)
class NamedClip:
    """A clip that is to be told.

    Args:
        name: What it is called in the output.
        clip: Its frames.
        until_s: Of a stream: when it ends, in seconds from the beginning of the stream.
    """

    name: str
    clip: Clip
    until_s: float | None = None


def named_clips(
    paths: Iterable[str], config: CaptionedConfig, shape: tuple[int, ...]
) -> Iterator[NamedClip]:
    """Read clips one by one; a broken one is named in a warning and left out.

    Args:
        paths: Files, or folders of frames; ``-`` is a video on standard input.
        config: How they are read.
        shape: Of the frames that the network was trained on.

    Raises:
        DataError: If a file is not there, its frames do not fit, or none of them can be read.
    """
    errors, read = [], 0
    for path in paths:
        try:
            clip = from_stdin(config) if path == STDIN else read_clip(path, config)
        except BrokenClip as error:
            warnings.warn(f"left out: {error}", ElmanWarning, stacklevel=2)
            errors.append(str(error))
            continue
        if (own := clip.frames.shape[1:]) != shape:
            raise DataError(f"{path}: frames of {own}, but this network was trained on {shape}")
        read += 1
        yield NamedClip(path, clip)
    if errors and not read:
        raise DataError(f"none of {len(errors):,} clips can be read; the first: {errors[0]}")


def from_stdin(config: CaptionedConfig) -> Clip:
    """Return the video on standard input, as much of it as is looked at.

    Raises:
        BrokenClip: If it is damaged or no video.
    """
    frames = [
        image for _, image in itertools.islice(stream_frames(STDIN, config), config.max_frames)
    ]
    if not frames:
        raise BrokenClip("standard input: holds no frame that can be decoded")
    return stacked(frames)


def windows(
    source: str, config: CaptionedConfig, every_s: float, window_s: float
) -> Iterator[NamedClip]:
    """Yield what was seen last of a video, again and again, as it is read.

    Only the frames of one window are held, so a video may be without end. What is left at the end
    is yielded too.

    Args:
        source: A video file or folder of images; ``-`` is standard input.
        config: How it is read; it must have a rate.
        every_s: Seconds between windows.
        window_s: Seconds that each looks back.

    Raises:
        ConfigError: If the frames were not sampled by time, or a window has no frame.
        BrokenClip: If the video turns out damaged, after what was good.
    """
    rate = config.rate or 0.0
    most = min(config.max_frames, round(window_s * rate))
    if rate and most < 1:
        raise ConfigError(
            f"window_s: {window_s:g} s hold no frame; one is looked at every {1 / rate:g} s"
        )
    held: deque[Image] = deque(maxlen=most or None)
    turn, end, fresh = 1, 0.0, 0
    for end, frame in stream_frames(source, config):
        held.append(frame)
        fresh += 1
        if end + 1e-6 >= turn * every_s:
            yield NamedClip(source, stacked(held), end)
            turn, fresh = int((end + 1e-6) / every_s) + 1, 0
    if fresh:
        yield NamedClip(source, stacked(held), end)


def stacked(frames: Iterable[Image]) -> Clip:
    """Return frames as a clip that shows each of them once."""
    content = np.stack(list(frames))
    return Clip(content, np.arange(len(content), dtype=np.int32)[:, None])
