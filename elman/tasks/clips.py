"""What tasks that watch clips share: how they are given, and what is known of their frames."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError, ElmanWarning
from elman.data.video.config import VideoConfig
from elman.data.video.decode import DecodedClips
from elman.data.video.errors import BrokenClip
from elman.data.video.read import read_clip, stream_frames
from elman.data.video.sampling import Clip
from elman.models.frame_encoder import FeatureEncoder, FrameEncoder
from elman.models.frontend import Frontend

__all__ = [
    "FrameFacts",
    "are_frame_facts",
    "check_shape",
    "frame_facts",
    "frontend",
    "sound_clips",
    "stacked",
]

STDIN = "-"
SCALED_BY = 200
"""Clips that mean and deviation of the pixels are taken from."""


class FrameFacts(NamedTuple):
    """What is known of the frames before training.

    Args:
        shape: Of one frame, ``(H, W, C)``; of saved features ``(E,)``.
        mean: Of the pixels, ``(C,)``, 0 to 1; of features empty.
        deviation: Likewise.
    """

    shape: tuple[int, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def frame_facts(train: DecodedClips) -> FrameFacts:
    """Measure the pixels of the training part, of a few hundred clips spread over it."""
    shape = train.shape
    if len(shape) == 1:
        return FrameFacts(shape, (), ())
    sums = np.zeros((3, shape[2]))
    for k in np.unique(np.linspace(0, len(train) - 1, SCALED_BY).astype(int)):
        pixels = train[int(k)].seen().reshape(-1, shape[2]).astype(np.float64) / 255
        sums += [np.full(shape[2], len(pixels)), pixels.sum(0), np.square(pixels).sum(0)]
    mean = sums[1] / sums[0]
    deviation = np.sqrt(np.maximum(sums[2] / sums[0] - mean**2, 0.0))
    return FrameFacts(shape, tuple(mean.round(6).tolist()), tuple(deviation.round(6).tolist()))


def are_frame_facts(found: Any) -> bool:
    """Say whether an untrusted record, by the names of `FrameFacts`, tells of frames."""
    shape, mean, deviation = (found[name] for name in FrameFacts._fields)
    planes = shape[2] if len(shape) == 3 else 0
    return (
        set(found) == set(FrameFacts._fields)
        and len(shape) in (1, 3)
        and all(type(size) is int and 0 < size < 1 << 16 for size in shape)
        and len(mean) == len(deviation) == planes
        and all(type(x) in (int, float) and np.isfinite(x) for x in [*mean, *deviation])
    )


def frontend(config: VideoConfig, facts: FrameFacts) -> Frontend:
    """Return what turns frames, or saved features, into features for the recurrent layers."""
    if len(facts.shape) == 1:
        return FeatureEncoder(facts.shape[0], config.features)
    height, width, planes = facts.shape
    encoder = FrameEncoder(
        (height, width),
        planes,
        channels=config.channels,
        features=config.features,
        shapes=config.shapes,
        motion=config.motion,
    )
    encoder.scale_by(facts.mean, facts.deviation)
    return encoder


def sound_clips(
    paths: Iterable[str], config: VideoConfig, shape: tuple[int, ...]
) -> Iterator[tuple[str, Clip]]:
    """Read clips one by one, with their names; a broken one is named in a warning and left out.

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
        check_shape(path, clip.frames.shape[1:], shape)
        read += 1
        yield path, clip
    if errors and not read:
        raise DataError(f"none of {len(errors):,} clips can be read; the first: {errors[0]}")


def check_shape(name: str, found: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Refuse frames that are not like those trained on."""
    if found != shape:
        raise DataError(f"{name}: frames of {found}, but this network was trained on {shape}")


def from_stdin(config: VideoConfig) -> Clip:
    """Return the video on standard input, as much of it as is looked at.

    Raises:
        BrokenClip: If it is damaged or no video.
    """
    frames = itertools.islice(stream_frames(STDIN, config), config.max_frames)
    images = [image for _, image in frames]
    if not images:
        raise BrokenClip("standard input: holds no frame that can be decoded")
    return stacked(images)


def stacked(frames: Iterable[NDArray[Any]]) -> Clip:
    """Return frames as a clip that shows each of them once."""
    content = np.stack(list(frames))
    return Clip(content, np.arange(len(content), dtype=np.int32)[:, None])
