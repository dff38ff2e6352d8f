"""How recordings of numbers are read, split, scaled and laid before the network. No torch here."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from elman._config import Config
from elman.data.config import SplitConfig

__all__ = ["SignalConfig", "SignalFeatures", "SignalLayout"]

Strength = Annotated[float, Field(ge=0.0)]
Name = Annotated[str, BeforeValidator(lambda name: str(name) if isinstance(name, int) else name)]


class SignalLayout(SplitConfig):
    """Where in the files the channels, the labels and the borders of a recording stand.

    Example:
        >>> SignalLayout(group="subject", test_groups=("2", "4")).held_out()
        (0.1, 0.0)
    """

    layout: Literal["long", "wide"] | None = None
    """For tables: `long` has a row for each step and a column for each channel; `wide` has a row
    for each recording. Unset: long where a column names the recording or rows have labels."""
    sequence: str | None = None
    """Column that says which recording a row belongs to. Unset: a usual name such as id, sequence
    or recording."""
    time: str | None = None
    """Column (NPZ: array) of times: numbers, or dates, which become seconds. Unset: a usual name
    such as time or timestamp."""
    channels: tuple[str, ...] = ()
    """Columns of the values. Unset: all that nothing else is known of."""
    label: str | None = None
    """Column (NPZ: array) of the label. Unset: a usual name such as label, class or activity."""
    group: str | None = None
    """Column (NPZ: array) of whom or what a recording is from, a person or a machine: a whole
    group is in one part only. Unset: a usual name such as subject, patient or session."""
    group_pattern: str | None = None
    """Instead of `group`: a regular expression whose first bracket finds it in the name of a
    recording (of a file in a folder): "^(s[0-9]+)_"."""
    values: str | None = None
    """For NPZ: the array of values. Unset: a usual name such as X or values."""
    lengths: str | None = None
    """For NPZ: the array of steps in each recording, where recordings stand one after the other.
    Unset: a usual name such as lengths."""
    wide_channels: int = Field(default=1, ge=1)
    """For wide tables: channels of each step; a row holds step after step."""
    header: bool | None = None
    """Whether the first line of a table names the columns. Unset: it does, unless there are
    numbers in it."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """The sign between columns. Unset: a tab in .tsv, else whichever of , ; | and tab fits."""
    valid_groups: tuple[Name, ...] = ()
    """Groups to validate on, instead of a part drawn at random."""
    test_groups: tuple[Name, ...] = ()
    """Groups for the last test, instead of a part drawn at random."""
    by_time: bool | None = None
    """Hold out the end of each recording instead of whole recordings. Unset: only where there is
    a single one."""
    window: int | None = Field(default=None, ge=2)
    """Cut recordings into windows of so many rows; the label of most of its rows is a window's."""
    stride: int | None = Field(default=None, ge=1)
    """Rows from one window to the next in the training part; held-out windows never overlap.
    Unset: as `window`."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.group is not None and self.group_pattern is not None:
            raise ValueError("group and group_pattern: give one of them")
        if self.group_pattern is not None and pattern_groups(self.group_pattern) < 1:
            raise ValueError(
                "group_pattern: expected a regular expression with brackets around what tells "
                f"the group, such as '^(s[0-9]+)_', got {self.group_pattern!r}"
            )
        for part in ("valid", "test"):
            if getattr(self, f"{part}_groups") and getattr(self, part) is not None:
                raise ValueError(f"{part} and {part}_groups: give one of them")
        if twice := sorted(set(self.valid_groups) & set(self.test_groups)):
            raise ValueError(f"'{twice[0]}' is both in valid_groups and in test_groups")
        if self.by_time and (self.valid_groups or self.test_groups):
            raise ValueError("by_time holds out ends of recordings, not groups: give one of them")
        if self.stride is not None and self.window is None:
            raise ValueError("stride has no effect without window")
        return self

    def held_out(self) -> tuple[float, float]:
        """Return the fractions to draw; 0 where a file or groups serve."""
        valid, test = super().held_out()
        return (0.0 if self.valid_groups else valid, 0.0 if self.test_groups else test)


class SignalFeatures(Config):
    """What the network sees of a recording.

    Example:
        >>> SignalFeatures(coordinates=3, centre=1, deltas=True).rows_per_step
        1
    """

    normalise: Literal["channel", "all", "none"] | None = None
    """`channel`: each to mean 0 and deviation 1, as found in the training part; `all`: each to mean
    0, and one deviation for all, where channels have the same unit. Unset: `all` for points
    (`coordinates`), else `channel`."""
    coordinates: int | None = Field(default=None, ge=2, le=3)
    """Channels are points with so many coordinates, one point after the other: 3 for x, y, z."""
    centre: int | None = Field(default=None, ge=1)
    """The point, from 1, that all others are seen from; its own channels then say how far it has
    moved since the beginning."""
    resize: bool = False
    """Divide each recording by the root mean square of its values: bodies of all sizes are alike.
    Needs the whole recording, so it cannot be streamed."""
    deltas: bool = False
    """Also show each channel's change since the step before."""
    missing: Literal["zero", "last", "decay"] = "zero"
    """What stands for a missing value: the channel's mean, the last one that was there, or that,
    falling back to the mean at a learned rate; a mask always says that it was missing."""
    rows_per_step: int = Field(default=1, ge=1)
    """Rows that the network reads as one step: fewer, wider steps for fast sensors."""
    project: int | None = Field(default=None, ge=1)
    """Features of a learned linear layer before the recurrent ones. Unset: none."""
    augment_noise: Strength = 0.0
    """In training: deviation of noise added to each value, in deviations of its channel."""
    augment_scale: Strength = 0.0
    """In training: each recording is stretched by exp(s), s with this deviation; 0.1 is usual."""
    augment_time: Strength = 0.0
    """In training: the pace inside a recording varies by exp(s), s with this deviation."""
    augment_rotate: float = Field(default=0.0, ge=0.0, le=180.0)
    """In training: points are turned around `up` by an angle of at most so many degrees."""
    up: Literal["x", "y", "z"] = "y"
    """The coordinate that points upwards, for `augment_rotate`."""

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if self.coordinates is None:
            for name, value in (("centre", self.centre), ("augment_rotate", self.augment_rotate)):
                if value:
                    raise ValueError(f"{name} needs coordinates: how many channels make a point")
        if self.augment_rotate and self.coordinates != 3:
            raise ValueError("augment_rotate turns points in space: coordinates = 3")
        if self.up != "y" and not self.augment_rotate:
            raise ValueError("up has no effect without augment_rotate")
        return self

    @property
    def scaling(self) -> str:
        """How channels are scaled: as `normalise` says, or as their kind asks for."""
        return self.normalise or ("channel" if self.coordinates is None else "all")


class SignalConfig(SignalLayout, SignalFeatures):
    """How recordings are read, split, scaled and laid before the network.

    Example:
        >>> SignalConfig(window=128, stride=64).split_seed
        0
    """


def pattern_groups(pattern: str) -> int:
    """Return how many brackets a regular expression has; -1 if it is none."""
    try:
        return re.compile(pattern).groups
    except re.error:
        return -1
