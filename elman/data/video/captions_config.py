"""How captioned clips are found and seen. No torch here: the command reads this for its help."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from elman.data.video.config import Count, VideoConfig

__all__ = ["CaptionedConfig"]


class CaptionedConfig(VideoConfig):
    """How clips and pictures with captions are found and split, and how their frames are seen.

    Example:
        >>> CaptionedConfig(caption="english").rate
        10.0
    """

    caption: str | None = None
    """Column of a manifest, or array of an NPZ, with the caption. Unset: a usual name such as
    caption, text, description or sentence."""

    channels: tuple[Count, ...] = (16, 32)
    """Features after each convolution of the frame encoder; each halves height and width."""
    features: Count = 64
    """Features of a frame that say where things are."""
    shapes: int = Field(default=64, ge=0)
    """Channels that look for shapes anywhere in a frame, as further features of what is there.
    0: none."""

    @model_validator(mode="after")
    def _captions_are_no_labels(self) -> Self:
        if self.label is not None:
            raise ValueError("label: captions are learned here; name their column with caption")
        return self
