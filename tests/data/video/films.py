"""Small films that the tests write, most of them without loss, so that frames can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

av = pytest.importorskip("av")


def random_frames(count: int, height: int = 16, width: int = 24, seed: int = 0) -> Any:
    """Return frames ``(count, height, width)`` of noise."""
    return np.random.default_rng(seed).integers(0, 256, (count, height, width), dtype=np.uint8)


def flat_frames(levels: Sequence[int], height: int = 16, width: int = 24) -> Any:
    """Return frames of one grey each."""
    return np.stack([np.full((height, width), level, np.uint8) for level in levels])


def write_film(
    path: Path,
    frames: Any,
    *,
    times: Sequence[float] | None = None,
    rate: int = 10,
    codec: str = "ffv1",
    pixels: str = "gray",
    container: dict[str, str] | None = None,
    gop: int | None = None,
) -> Path:
    """Write frames ``(T, H, W)`` or ``(T, H, W, 3)``, at even or at given times in seconds."""
    with av.open(str(path), "w", options=container or {}) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        stream.codec_context.thread_count = 1
        if gop:
            stream.codec_context.gop_size = gop
        base = Fraction(1, rate if times is None else 1000)
        stream.time_base = stream.codec_context.time_base = base
        for k, image in enumerate(frames):
            kind = "rgb24" if image.ndim == 3 else "gray"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format=kind)
            frame = frame.reformat(format=pixels)
            frame.time_base = base
            frame.pts = k if times is None else round(1000 * times[k])
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def write_image(path: Path, image: Any, codec: str = "png") -> Path:
    """Write one image ``(H, W)`` or ``(H, W, 3)``."""
    kind = "rgb24" if image.ndim == 3 else "gray"
    context = av.CodecContext.create(codec, "w")
    context.height, context.width = image.shape[:2]
    context.pix_fmt = {"png": kind, "mjpeg": "yuvj444p"}[codec]
    context.time_base = Fraction(1, 1)
    frame = av.VideoFrame.from_ndarray(image, format=kind).reformat(format=context.pix_fmt)
    packets = [*context.encode(frame), *context.encode(None)]
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
    return path
