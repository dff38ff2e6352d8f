"""Recordings drawn with what was said of them."""

from __future__ import annotations

import importlib
import itertools
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

__all__ = ["draw_recording", "labelled_picture", "timeline_picture"]

MOST_CHANNELS = 6
"""Channels that are drawn in colours; of more, those that change most."""
COLUMNS = 2
GREYS = ("#1a1a1a", "#777777", "#b0b0b0")
"""Of channels, where colours stand for labels."""
MOST_TIMELINES = 3
"""Recordings whose rows are drawn with their labels."""


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
    channels = drawn_channels(recordings, scale, features)
    axes = np.atleast_1d(figure.subplots(rows, COLUMNS, squeeze=False)).reshape(-1)
    for k, plot in enumerate(axes):
        if k >= len(recordings):
            plot.set_visible(False)
            continue
        names = draw_recording(plot, recordings[k], scale, features, channels)
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
    plot: Any,
    recording: Recording,
    scale: Scale,
    features: SignalFeatures,
    channels: Sequence[int],
    colors: Sequence[str] = COLORS,
) -> list[str]:
    """Draw some channels of one recording; return their names.

    Args:
        plot: The axes of a figure.
        recording: What is drawn.
        scale: Of the channels.
        features: What the network sees.
        channels: Which of them, by their places.
        colors: Of the channels.
    """
    values = scaled(recording, scale, features)
    time = clock(recording)
    for color, c in zip(itertools.cycle(colors), channels, strict=False):
        plot.plot(time, values[:, c], color=color, linewidth=1.0, label=scale.channels[c])
    plot.tick_params(labelsize=7)
    plot.set_xlabel("row" if recording.times is None else "time", fontsize=7)
    plot.margins(x=0.01)
    for side in ("top", "right"):
        plot.spines[side].set_visible(False)
    return [scale.channels[c] for c in channels]


def clock(recording: Recording) -> NDArray[np.float64]:
    """Return where each row stands on the axis: its time since the first, or its number."""
    if recording.times is None:
        return np.arange(1.0, len(recording) + 1)
    return np.asarray(recording.times - recording.times[0])


def drawn_channels(
    recordings: Sequence[Recording], scale: Scale, features: SignalFeatures
) -> list[int]:
    """Return the channels that are drawn, in their order: those that change most in these."""
    width = len(scale.channels)
    if width <= MOST_CHANNELS:
        return list(range(width))
    spread = np.zeros(width)
    for item in recordings:
        values = scaled(item, scale, features)
        there = np.maximum((~np.isnan(values)).sum(0), 1)
        mean = np.nansum(values, 0) / there
        spread += np.nansum((values - mean) ** 2, 0) / there
    widest = np.argsort(-spread, kind="stable")[:MOST_CHANNELS]
    return sorted(int(c) for c in widest)


def timeline_picture(
    recordings: Sequence[Recording],
    true: Sequence[NDArray[np.int64]],
    told: Sequence[NDArray[np.int64]],
    labels: Sequence[str],
    scale: Scale,
    features: SignalFeatures,
) -> Picture:
    """Draw recordings over two bands: the labels of their rows, and those that were told.

    Args:
        recordings: Some of them, at least one; the first few are drawn.
        true: The labels of each, ``(T,)``.
        told: What was told, ``(T,)``.
        labels: Their names; beyond as many as there are colours they share the last.
        scale: Of the channels.
        features: What the network sees.
    """
    count = min(len(recordings), MOST_TIMELINES)
    channels = drawn_channels(recordings[:count], scale, features)
    figure = new_figure(9.0, 0.8 + 2.2 * count)
    grid = figure.subplots(2 * count, 1, squeeze=False, height_ratios=[3, 1] * count)[:, 0]
    shade = np.minimum(np.arange(len(labels)), len(COLORS) - 1)
    for k in range(count):
        above, band = grid[2 * k], grid[2 * k + 1]
        draw_recording(above, recordings[k], scale, features, channels, GREYS)
        above.set_title(recordings[k].name, fontsize=9, loc="left")
        time = clock(recordings[k])
        for height, tags in ((1.0, true[k]), (0.0, told[k])):
            borders = [0, *(np.flatnonzero(np.diff(tags)) + 1).tolist(), len(tags)]
            for start, stop in itertools.pairwise(borders):
                end = time[stop] if stop < len(time) else time[-1]
                color = COLORS[int(shade[int(tags[start])])]
                band.barh(height, end - time[start], 0.85, time[start], color=color)
        band.set_yticks([1.0, 0.0], ["true", "told"], fontsize=7)
        band.set_xlim(*above.get_xlim())
        band.tick_params(labelsize=7)
        above.set_xlabel("")
        above.tick_params(labelbottom=False)
        for side in ("top", "right", "left", "bottom"):
            band.spines[side].set_visible(False)
    patches = importlib.import_module("matplotlib.patches")
    handles = [patches.Patch(color=COLORS[int(c)], label=name) for c, name in
               zip(shade, labels, strict=True)]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=min(6, len(labels)),
                  fontsize=8, frameon=False)  # fmt: skip
    return picture("Recordings, their labels and what was told", figure,
                   "Lines: the channels, in deviations from their means.")  # fmt: skip
