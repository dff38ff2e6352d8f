"""Clips that are to be told: files one by one, or a video that goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from elman._errors import ConfigError
from elman.data.video.config import VideoConfig
from elman.data.video.read import stream_frames
from elman.data.video.sampling import Clip
from elman.tasks.clips import check_shape, stacked

__all__ = ["NamedClip", "windows"]


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


def windows(
    source: str,
    config: VideoConfig,
    every_s: float,
    window_s: float,
    shape: tuple[int, ...],
) -> Iterator[NamedClip]:
    """Yield what was seen last of a video, again and again, as it is read.

    Only the frames of one window are held, so a video may be without end. What is left at the end
    is yielded too.

    Args:
        source: A video file or folder of images; ``-`` is standard input.
        config: How it is read; it must have a rate.
        every_s: Seconds between windows.
        window_s: Seconds that each looks back.
        shape: Of the frames that the network was trained on.

    Raises:
        ConfigError: If the frames were not sampled by time, or a window has no frame.
        DataError: If the frames are of another shape.
        BrokenClip: If the video turns out damaged, after what was good.
    """
    rate = config.rate or 0.0
    most = min(config.max_frames, round(window_s * rate))
    if rate and most < 1:
        raise ConfigError(
            f"window_s: {window_s:g} s hold no frame; one is looked at every {1 / rate:g} s"
        )
    held: deque[NDArray[Any]] = deque(maxlen=most or None)
    turn, end, fresh = 1, 0.0, 0
    for end, frame in stream_frames(source, config):
        check_shape(source, frame.shape, shape)
        held.append(frame)
        fresh += 1
        if end + 1e-6 >= turn * every_s:
            yield NamedClip(source, stacked(held), end)
            turn, fresh = int((end + 1e-6) / every_s) + 1, 0
    if fresh:
        yield NamedClip(source, stacked(held), end)
