"""How captioned clips are found and seen. No torch here: the command reads this for its help."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from elman.data.video.config import VideoConfig

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

    @model_validator(mode="after")
    def _captions_are_no_labels(self) -> Self:
        if self.label is not None:
            raise ValueError("label: captions are learned here; name their column with caption")
        return self
