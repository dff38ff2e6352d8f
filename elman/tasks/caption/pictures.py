"""A told clip to look at: its frames, the caption, and where the network looked for each word."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.tasks.caption.output import Narrated
from elman.tasks.pictures import COLORS, new_figure, picture
from elman.tasks.report import Picture

__all__ = ["told_picture"]

ACROSS = 10
"""Frames that are shown of a clip, evenly over it."""
WIDTH = 9.2
MARGIN = 1.0
"""Inches left for the words."""
LINE = 100
"""Letters in a line of text."""
RIGHT, WRONG = COLORS[0], COLORS[1]
PLAIN = "#1a1a1a"


def told_picture(found: Narrated, rate: float | None, references: Sequence[str] = ()) -> Picture:
    """Draw a clip with its caption.

    Args:
        found: The clip, its captions and the attention.
        rate: Frames in a second; None: they are numbered.
        references: What people said of it, if that is known: the caption is blue where it is one
            of them, else orange.
    """
    frames, weights = found.named.clip.seen(), found.weights
    text = found.best.text or "(nothing)"
    steps = len(frames)
    across = min(ACROSS, steps)
    edges = np.linspace(0, steps, across + 1).round().astype(int)
    middles = (edges[:-1] + edges[1:] - 1) // 2
    pixels = frames.ndim == 4
    looks = weights is not None and steps > 1
    tile = (WIDTH - MARGIN) / max(across, 4)  # of few frames, none is huge
    high = tile * frames.shape[1] / frames.shape[2] if pixels else 0.0
    below = 0.21 * len(found.words) + 0.35 if looks else 0.0
    figure = new_figure(WIDTH, high + below + 0.4)
    heights = [part for part in (high, below) if part]
    axes = list(
        figure.subplots(len(heights) or 1, 1, squeeze=False, height_ratios=heights or [1])[:, 0]
    )
    color = PLAIN if not references else RIGHT if text in references else WRONG
    axes[0].set_title(
        textwrap.shorten(text, LINE, placeholder=" ..."),
        loc="left",
        color=color,
        fontsize=11,
        parse_math=False,
    )
    if pixels:
        filmstrip(axes[0], frames[middles], tile)
    if looks and weights is not None:
        shares = np.add.reduceat(weights, edges[:-1], 1)
        when = [f"{(m + 0.5) / rate:.1f}" if rate else str(m + 1) for m in middles]
        heat(axes[-1], shares, found.words, when, "seconds" if rate else "frame")
    return picture(title_of(found), figure, caption_of(references, looks))


def title_of(found: Narrated) -> str:
    """Return what the picture is called."""
    until = found.named.until_s
    return found.named.name if until is None else f"{found.named.name}, until {until:.1f} s"


def caption_of(references: Sequence[str], looks: bool) -> str:
    """Return what stands below the picture."""
    said = f"People said: {' | '.join(references)}. " if references else ""
    return said + ("The darker, the more the network looked there for that word." if looks else "")


def filmstrip(axes: Any, frames: NDArray[Any], tile: float) -> None:
    """Draw frames side by side, one unit wide each, as the columns of the heat below are."""
    for k, frame in enumerate(frames):
        shown = np.repeat(frame, 3, 2) if frame.shape[2] == 1 else frame
        axes.imshow(
            shown, extent=(k + 0.02, k + 0.98, 0, 1), aspect="auto", interpolation="nearest"
        )
    axes.set_xlim(0, max(len(frames), (WIDTH - MARGIN) / tile))
    axes.set_ylim(0, 1)
    axes.axis("off")


def heat(
    axes: Any, shares: NDArray[np.float32], words: Sequence[str], when: Sequence[str], unit: str
) -> None:
    """Draw where the network looked: a row for each word, a column for each frame."""
    rows, columns = shares.shape
    axes.imshow(
        shares,
        extent=(0, columns, rows, 0),
        aspect="auto",
        cmap="Blues",
        vmin=0,
        vmax=max(0.5, float(shares.max())),
        interpolation="nearest",
    )
    axes.set_yticks(np.arange(rows) + 0.5, words, fontsize=8)
    axes.set_xticks(np.arange(columns) + 0.5, when, fontsize=8)
    axes.set_xlabel(unit, fontsize=8, labelpad=1)
    axes.tick_params(length=0)
    axes.hlines(np.arange(1, rows), 0, columns, color="white", linewidth=1)
    axes.set_xlim(0, max(columns, 4))
    for side in axes.spines.values():
        side.set_visible(False)
