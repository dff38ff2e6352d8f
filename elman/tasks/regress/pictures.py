"""Told numbers beside the true ones, drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.tasks.pictures import COLORS, new_figure, picture
from elman.tasks.regress.data import Told
from elman.tasks.regress.targets import Z90
from elman.tasks.report import Picture

__all__ = ["told_picture"]

MOST = 3000
"""Points that are drawn; of more, some from all over."""


def told_picture(true: NDArray[np.float64], told: Told) -> Picture:
    """Draw each told number over the true one, and how often errors are how large.

    Args:
        true: ``(N,)``.
        told: What the network says of each.
    """
    rows = np.unique(np.linspace(0, len(true) - 1, min(MOST, len(true))).astype(int))
    figure = new_figure(9.0, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    ends = [float(min(true.min(), told.mean.min())), float(max(true.max(), told.mean.max()))]
    left.plot(ends, ends, color="#666666", linewidth=1.0, label="exact")
    if told.deviation is not None:
        bars = Z90 * told.deviation[rows]
        left.errorbar(true[rows], told.mean[rows], yerr=bars, fmt="none", ecolor=COLORS[5],
                      elinewidth=0.7, alpha=0.6)  # fmt: skip
    left.scatter(true[rows], told.mean[rows], s=9, color=COLORS[0], alpha=0.8, linewidths=0,
                 zorder=3)  # fmt: skip
    left.set_xlabel("true")
    left.set_ylabel("told")
    left.legend(frameon=False, fontsize=8, loc="upper left")
    error = told.mean - true
    right.hist(error, bins=min(40, max(5, len(error) // 8)), color=COLORS[0])
    right.axvline(0.0, color="#666666", linewidth=1.0)
    right.set_xlabel("told minus true")
    right.set_ylabel("recordings")
    for axes in (left, right):
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    caption = "Points on the line are told exactly."
    if told.deviation is not None:
        caption += " Bars: where the number should be nine times in ten."
    return picture("Told and true numbers", figure, caption)
