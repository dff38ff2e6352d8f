"""Frames of clips side by side, with what was said of them: what people look at first."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.tasks.pictures import COLORS, new_figure, picture
from elman.tasks.report import Picture

__all__ = ["Strip", "contact_sheet"]

ACROSS = 10
"""Frames of a clip that are shown, evenly over its length."""
WIDE = 92
"""Letters in a line above a strip."""
RIGHT, WRONG = COLORS[0], COLORS[1]


class Strip(NamedTuple):
    """One clip.

    Args:
        frames: ``(T, H, W, C)`` uint8.
        heading: What was said of it, and what is true.
        right: Whether that is the same.
    """

    frames: NDArray[Any]
    heading: str
    right: bool


def contact_sheet(title: str, strips: Sequence[Strip], caption: str = "") -> Picture:
    """Draw a row of frames for each clip, its heading above: blue if right, orange if wrong."""
    across = min(ACROSS, max(len(strip.frames) for strip in strips))
    height, width = strips[0].frames.shape[1:3]
    tile = 9.0 / across
    figure = new_figure(9.2, len(strips) * (tile * height / width + 0.36))
    rows = figure.subplots(len(strips), 1, squeeze=False)[:, 0]
    for axes, strip in zip(rows, strips, strict=True):
        places = np.linspace(0, len(strip.frames) - 1, across).round().astype(int)
        frames = strip.frames[places]
        gap = np.full((len(frames), height, max(1, width // 24), frames.shape[3]), 255, np.uint8)
        row = np.concatenate([np.concatenate([frames, gap], 2)[k] for k in range(len(frames))], 1)
        row = row[:, : -gap.shape[2]]
        axes.imshow(np.repeat(row, 3, 2) if row.shape[2] == 1 else row, interpolation="nearest")
        axes.axis("off")
        mark, color = ("correct: ", RIGHT) if strip.right else ("mistaken: ", WRONG)
        text = textwrap.shorten(mark + strip.heading, WIDE, placeholder=" ...")
        axes.set_title(text, loc="left", fontsize=9, color=color, pad=3)
    return picture(title, figure, caption)
