"""A picture of where a model looked while it wrote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.tasks.pictures import new_figure, picture
from elman.tasks.report import Picture

__all__ = ["attention_picture"]


def attention_picture(
    source: Sequence[str], target: Sequence[str], weights: NDArray[np.float32]
) -> Picture:
    """Draw where a model looked.

    Args:
        source: Tokens read, S of them, the end included.
        target: Tokens written, T of them, the end included.
        weights: ``(T, S)``, each row sums to one.
    """
    figure = new_figure(2.0 + 0.3 * len(source), 1.4 + 0.27 * len(target))
    axes = figure.add_subplot()
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(source)), source, rotation=90, fontsize=8, parse_math=False)
    axes.set_yticks(range(len(target)), target, fontsize=8, parse_math=False)
    axes.xaxis.tick_top()
    title = " ".join(target[:-1]) or "nothing"
    return picture(title, figure, "Row: what is written; column: what is read; shade: attention.")
