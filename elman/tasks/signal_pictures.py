"""Recordings drawn with what was said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.signal.config import SignalFeatures
from elman.data.signal.normalise import Scale
from elman.data.signal.recording import Recording
from elman.data.signal.summary import scaled
from elman.tasks.pictures import COLORS, new_figure, picture
from elman.tasks.report import Picture

__all__ = ["draw_recording", "labelled_picture"]

MOST_CHANNELS = 6
"""Channels that are drawn in colours; of more, those that change most."""
COLUMNS = 2


def labelled_picture(
    recordings: Sequence[Recording],
    titles: Sequence[str],
    wrong: Sequence[bool],
    scale: Scale,
    features: SignalFeatures,
) -> Picture:
    """Draw recordings, each under a title of its own.

    Args:
        recordings: Some of them, at least one.
        titles: As many.
        wrong: Whether what a title says is a mistake.
        scale: Of the channels: all are drawn in deviations from their means.
        features: What the network sees.
    """
    rows = -(-len(recordings) // COLUMNS)
    figure = new_figure(9.0, 0.6 + 1.9 * rows)
    axes = np.atleast_1d(figure.subplots(rows, COLUMNS, squeeze=False)).reshape(-1)
    for k, plot in enumerate(axes):
        if k >= len(recordings):
            plot.set_visible(False)
            continue
        names = draw_recording(plot, recordings[k], scale, features)
        color = COLORS[1] if wrong[k] else "#1a1a1a"
        plot.set_title(titles[k], fontsize=9, loc="left", color=color)
    handles, _ = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize=8,
                  frameon=False)  # fmt: skip
    caption = "Values in deviations from each channel's mean; gaps are missing values."
    if len(scale.channels) > MOST_CHANNELS:
        caption += f" The {MOST_CHANNELS} channels that change most, of {len(scale.channels)}."
    return picture("Recordings and what was told", figure, caption)


def draw_recording(
    plot: Any, recording: Recording, scale: Scale, features: SignalFeatures
) -> list[str]:
    """Draw the channels of one recording; return their names.

    Args:
        plot: The axes of a figure.
        recording: What is drawn.
        scale: Of the channels.
        features: What the network sees.
    """
    values = scaled(recording, scale, features)
    time = clock(recording)
    shown = drawn_channels(scale)
    for color, c in zip(COLORS, shown, strict=False):
        plot.plot(time, values[:, c], color=color, linewidth=1.0, label=scale.channels[c])
    plot.tick_params(labelsize=7)
    plot.set_xlabel("row" if recording.times is None else "time", fontsize=7)
    plot.margins(x=0.01)
    for side in ("top", "right"):
        plot.spines[side].set_visible(False)
    return [scale.channels[c] for c in shown]


def clock(recording: Recording) -> NDArray[np.float64]:
    """Return where each row stands on the axis: its time since the first, or its number."""
    if recording.times is None:
        return np.arange(1.0, len(recording) + 1)
    return recording.times - recording.times[0]


def drawn_channels(scale: Scale) -> list[int]:
    """Return the channels that are drawn, in their order."""
    width = len(scale.channels)
    if width <= MOST_CHANNELS:
        return list(range(width))
    widest = np.argsort(-np.array(scale.deviation), kind="stable")[:MOST_CHANNELS]
    return sorted(int(c) for c in widest)
