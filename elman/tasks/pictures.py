"""What pictures of all tasks are drawn with: one look, and the confusion of classes.

matplotlib's objects, never its global state; it is imported when something is drawn.
"""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError
from elman.tasks.report import Picture

__all__ = ["COLORS", "confusion_picture", "new_figure", "picture"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666")
"""Told apart by colour-blind readers too (Okabe & Ito 2008)."""
DPI = 110
MOST_CLASSES = 40
"""Classes that a confusion can show; of more, those with the most mistakes."""
WRITTEN = 15
"""Up to so many classes, each cell has its number written in it."""


def new_figure(width: float, height: float) -> Any:
    """Return an empty `matplotlib.figure.Figure` of so many inches.

    Raises:
        ConfigError: If matplotlib is not installed.
    """
    try:
        module = importlib.import_module("matplotlib.figure")
    except ImportError:
        raise ConfigError(
            "pictures need matplotlib, which is not installed: pip install 'elman[plot]'"
        ) from None
    return module.Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def picture(title: str, figure: Any, caption: str = "") -> Picture:
    """Return a drawn figure as a picture of a report."""
    image = io.BytesIO()
    with warnings.catch_warnings():
        # A letter that no font has is drawn as an empty box, and says so by itself.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        figure.savefig(image, format="png")
    return Picture(title, image.getvalue(), "png", caption)


def confusion_picture(labels: Sequence[str], counts: NDArray[np.int64]) -> Picture:
    """Draw what was taken for what.

    Args:
        labels: The names of the classes, C of them.
        counts: ``(C, C)``; row: the true class, column: the one that was told.
    """
    kept = np.arange(len(labels))
    caption = "Row: what it is; column: what the network says; shade: part of the row."
    if len(labels) > MOST_CLASSES:
        wrong = counts.sum(0) + counts.sum(1) - 2 * np.diag(counts)
        kept = np.sort(np.argsort(-wrong, kind="stable")[:MOST_CLASSES])
        caption += f" The {MOST_CLASSES} classes with the most mistakes, of {len(labels)}."
    shown, names = counts[np.ix_(kept, kept)], [labels[int(k)] for k in kept]
    parts = shown / np.maximum(1, counts[kept].sum(1, keepdims=True))
    size = max(3.5, min(11.0, 1.5 + 0.42 * len(kept)))
    figure = new_figure(size + 0.8, size)
    axes = figure.add_subplot()
    axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    small = 9 if len(kept) <= WRITTEN else 7
    axes.set_xticks(range(len(names)), names, rotation=90 if long(names) else 0, fontsize=small)
    axes.set_yticks(range(len(names)), names, fontsize=small)
    axes.set_xlabel("told")
    axes.set_ylabel("true")
    if len(kept) <= WRITTEN:
        for (true, told), count in np.ndenumerate(shown):
            if count:
                ink = "white" if parts[true, told] > 0.6 else "#1a1a1a"
                axes.text(told, true, f"{count:,}", ha="center", va="center", color=ink, fontsize=8)
    return picture("What was taken for what", figure, caption)


def long(names: Sequence[str]) -> bool:
    """Whether names need to stand upright to have room."""
    return max(map(len, names), default=0) > 3
