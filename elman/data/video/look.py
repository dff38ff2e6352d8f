"""What a frame looks like to the network: its size, its colours, and how it is brought there."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Image", "Look", "Scaler"]

Image = NDArray[np.uint8]
"""A frame, ``(H, W, C)``."""


class Look(NamedTuple):
    """The frames that are wanted.

    Args:
        height: In pixels, H.
        width: In pixels, W.
        planes: Numbers of a pixel, C: 1 in grey, 3 in colour.
        crop: Cut off what is too wide or too high, instead of altering proportions.
    """

    height: int
    width: int
    planes: int = 1
    crop: bool = False


class Scaler:
    """Frames of a decoder, or arrays, made to look as wanted; one for each clip.

    Shrinking averages over areas, so that nothing flickers; enlarging is bilinear.

    Args:
        look: What they become.
    """

    def __init__(self, look: Look) -> None:
        from av.video.reformatter import VideoReformatter

        self._look = look
        self._reformatter: Any = VideoReformatter()

    def image(self, frame: Any) -> Image:
        """Return a decoded frame as ``(H, W, C)``, upright."""
        height, width, planes, crop = self._look
        turns = round(frame.rotation / 90) % 4  # as telephones note how they were held
        if turns % 2:
            height, width = width, height
        if crop:
            scale = max(height / frame.height, width / frame.width)
            tall = max(height, math.floor(frame.height * scale + 0.5))
            wide = max(width, math.floor(frame.width * scale + 0.5))
        else:
            tall, wide = height, width
        shrinks = tall * wide < frame.height * frame.width
        scaled = self._reformatter.reformat(
            frame,
            width=wide,
            height=tall,
            format="rgb24" if planes == 3 else "gray",
            interpolation="AREA" if shrinks else "BILINEAR",
        )
        array = scaled.to_ndarray()
        if planes == 1:
            array = array[:, :, None]
        top, left = (tall - height) // 2, (wide - width) // 2
        return np.ascontiguousarray(
            np.rot90(array[top : top + height, left : left + width], turns), np.uint8
        )

    def array(self, image: Image) -> Image:
        """Return an image ``(h, w)`` or ``(h, w, c)`` of 1 or 3 planes as ``(H, W, C)``."""
        image = image[:, :, None] if image.ndim == 2 else image
        if image.shape == self._look[:3]:
            return image
        from av import VideoFrame

        gray = image.shape[2] == 1
        plain = np.ascontiguousarray(image[:, :, 0] if gray else image)
        return self.image(VideoFrame.from_ndarray(plain, format="gray" if gray else "rgb24"))
