"""How clips are found, read and seen. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from elman.data.config import SplitConfig

__all__ = ["VideoConfig"]

Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, BeforeValidator(lambda name: str(name) if isinstance(name, int) else name)]
RATE = 10.0
"""Frames looked at in a second, where nobody says otherwise."""


class VideoConfig(SplitConfig):
    """How clips are found and split, their frames sampled and altered, and what looks at them.

    Example:
        >>> VideoConfig().rate, VideoConfig(frames=24).rate
        (10.0, None)
    """

    label: str | None = None
    """Column of a manifest, or array of an NPZ, with the label. Unset: a usual name such as
    label, activity, action or class."""
    group: str | None = None
    """Column of a manifest, or array of an NPZ, of who is seen in a clip: a whole group is in one
    part only. Unset: a usual name such as subject, person or session."""
    valid_groups: tuple[Name, ...] = ()
    """Groups to validate on, instead of a part drawn at random."""
    test_groups: tuple[Name, ...] = ()
    """Groups for the last test, instead of a part drawn at random."""

    size: tuple[Count, Count] | None = None
    """Height and width of the frames that the network sees, in pixels. Unset: 48 48; of frames
    that are stacked in an NPZ their own."""
    color: Literal["gray", "rgb"] = "gray"
    """Whether frames are seen in grey or in colour."""
    fit: Literal["stretch", "crop"] = "stretch"
    """How a frame of another shape becomes that size: `stretch` alters its proportions, `crop`
    cuts off what is too wide or too high, evenly at both sides."""
    frames_per_s: float | None = Field(default=None, gt=0, le=1000)
    """Frames looked at in each second, by their times. Unset: 10, or as `frames` says."""
    frames: int | None = Field(default=None, ge=1)
    """So many frames of every clip, evenly over its length, in place of a rate: for clips that
    show one action from its beginning to its end."""
    max_frames: Count = 256
    """Frames looked at in one clip at most; what comes later is left out. This bounds memory."""
    source_frames_per_s: float = Field(default=30.0, gt=0, le=100_000)
    """Frames in a second of what bears no times: folders of images, NPZ without `fps`, saved
    features."""

    jitter: bool = True
    """In training, take each frame at a random moment of its own stretch of time."""
    shift: int = Field(default=2, ge=0)
    """In training, move each clip by up to so many pixels up or down and left or right."""
    zoom: float = Field(default=0.0, ge=0, lt=1)
    """In training, enlarge or shrink each clip by up to this part."""
    flip: bool = False
    """In training, mirror half of the clips, left to right: only where no label means a side."""
    brightness: float = Field(default=0.1, ge=0, lt=1)
    """In training, make each clip brighter or darker by up to this part."""

    channels: tuple[Count, ...] = (16, 32, 64)
    """Features after each convolution of the frame encoder; each halves height and width."""
    features: Count = 128
    """Features of a frame, given to the recurrent layers."""
    shapes: int = Field(default=0, ge=0)
    """Channels that look for shapes anywhere in a frame, as further features of what is there: for
    small things that move about, best with two convolutions before them. 0: none."""
    motion: bool = True
    """Also show the network what has changed since the frame before."""

    threads: Count = 2
    """Threads that decode the next batches while the network trains."""
    cache_mb: int = Field(default=512, ge=0)
    """Memory for decoded frames that are kept from one epoch to the next; the rest are decoded
    again."""

    @model_validator(mode="after")
    def _options_have_an_effect(self) -> Self:
        if self.frames is not None and self.frames_per_s is not None:
            raise ValueError("frames and frames_per_s: give one of them")
        if self.frames is not None and self.frames > self.max_frames:
            raise ValueError(f"frames must be at most max_frames = {self.max_frames}")
        for part in ("valid", "test"):
            if getattr(self, f"{part}_groups") and getattr(self, part) is not None:
                raise ValueError(f"{part} and {part}_groups: give one of them")
        if twice := sorted(set(self.valid_groups) & set(self.test_groups)):
            raise ValueError(f"'{twice[0]}' is both in valid_groups and in test_groups")
        if not self.channels:
            raise ValueError("channels: expected at least one convolution")
        return self

    def held_out(self) -> tuple[float, float]:
        """Return the fractions to draw; 0 where a file or groups serve."""
        valid, test = super().held_out()
        return (0.0 if self.valid_groups else valid, 0.0 if self.test_groups else test)

    @property
    def rate(self) -> float | None:
        """Frames sampled in a second; None where a clip's length decides."""
        return None if self.frames is not None else self.frames_per_s or RATE

    @property
    def planes(self) -> int:
        """Numbers of a pixel: 1 in grey, 3 in colour."""
        return 3 if self.color == "rgb" else 1
