"""Sequences whose letters are as high as they matter, in the manner of sequence logos.

Source: Schneider & Stephens 1990, doi:10.1093/nar/18.20.6097 (logos); Shrikumar, Greenside &
Kundaje 2017, arXiv:1704.02685 (letters as high as their contributions).
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError
from elman.tasks.pictures import new_figure, picture
from elman.tasks.report import Picture

__all__ = ["Letters", "letter_picture"]

INK = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}
"""The usual green, blue, yellow and red of the four bases, told apart by colour-blind readers."""
OTHER_INK = "#777777"
WRITTEN = 120
"""Letters up to which they are drawn as letters; longer sequences as bars."""
BARS = 1200
"""Bars that have room; of longer sequences each is the sum of several letters."""


class Letters(NamedTuple):
    """A sequence and what each letter contributes.

    Attributes:
        text: The letters.
        values: ``(T,)``.
        said: What stands above.
    """

    text: str
    values: NDArray[np.floating[Any]]
    said: str


def letter_picture(title: str, rows: Sequence[Letters], caption: str) -> Picture:
    """Draw sequences below each other, each with its own scale.

    Raises:
        ConfigError: If matplotlib is not installed.
    """
    figure = new_figure(11, 0.6 + 1.35 * len(rows))
    for axes, row in zip(figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows, strict=True):
        if len(row.text) <= WRITTEN:
            draw_letters(axes, row)
        else:
            draw_bars(axes, row)
        low, high = min(0.0, float(row.values.min())), max(0.0, float(row.values.max()))
        room = 0.05 * ((high - low) or 1.0)
        if len(row.text) <= WRITTEN:
            axes.set_ylim(low - room, high + room)
        axes.axhline(0, color="#1a1a1a", linewidth=0.6)
        axes.set_title(row.said, loc="left", fontsize=9)
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.set_ylabel("nats", fontsize=7)
    return picture(title, figure, caption)


def draw_letters(axes: Any, row: Letters) -> None:
    """Draw each letter in its place, stretched to its height."""
    shapes = glyphs(set(row.text))
    patches, transforms = module("matplotlib.patches"), module("matplotlib.transforms")
    for place, (letter, value) in enumerate(zip(row.text, row.values.tolist(), strict=True)):
        path = shapes[letter]
        box = path.get_extents()
        stretch = transforms.Affine2D().translate(-box.x0, -box.y0)
        # A letter below the line stays upright: its foot is where its value ends.
        stretch.scale(0.9 / box.width, abs(value) / box.height)
        stretch.translate(place + 0.55, min(0.0, value))
        ink = INK.get(letter, OTHER_INK)
        axes.add_patch(patches.PathPatch(path.transformed(stretch), color=ink, linewidth=0))
    axes.set_xlim(0.3, len(row.text) + 0.7)
    axes.set_xticks(ticks(len(row.text)))


def draw_bars(axes: Any, row: Letters) -> None:
    """Draw a long sequence as bars, what speaks for the class above the line."""
    count = len(row.values)
    width = -(-count // BARS)
    starts = np.arange(0, count, width)
    sums = np.add.reduceat(row.values, starts)
    colors = np.where(sums > 0, "#0072B2", "#D55E00")
    axes.bar(starts + 1, sums, width=width, align="edge", color=colors, linewidth=0)
    axes.set_xlim(1, count + 1)


def ticks(count: int) -> list[int]:
    """Return the places that are numbered: the first, and round ones."""
    step = next(step for step in (5, 10, 20, 50) if count / step <= 14)
    return [1, *range(step, count + 1, step)]


def glyphs(letters: set[str]) -> dict[str, Any]:
    """Return the outline of each letter."""
    text, fonts = module("matplotlib.textpath"), module("matplotlib.font_manager")
    bold = fonts.FontProperties(family="DejaVu Sans", weight="bold")
    return {letter: text.TextPath((0, 0), letter, size=10, prop=bold) for letter in letters}


def module(name: str) -> Any:
    """Return a module of matplotlib.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ConfigError(
            "pictures need matplotlib, which is not installed: pip install 'elman[plot]'"
        ) from None
