"""Where regions of sequences are, and where they were found, as bars above each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.tasks.pictures import COLORS, new_figure, picture
from elman.tasks.report import Picture

__all__ = ["Track", "track_picture"]


class Track(NamedTuple):
    """A sequence, or a piece of one.

    Attributes:
        true: The tag of each base, ``(T,)``; below 0: it does not count.
        told: What was found, ``(T,)``.
        said: What stands above.
    """

    true: NDArray[np.integer[Any]]
    told: NDArray[np.integer[Any]]
    said: str


def track_picture(title: str, tracks: Sequence[Track], labels: Sequence[str]) -> Picture:
    """Draw the regions of some sequences; the first label is the background and not drawn.

    Raises:
        ConfigError: If matplotlib is not installed.
    """
    figure = new_figure(11, 0.9 + 0.8 * len(tracks))
    drawn: dict[int, Any] = {}
    for axes, track in zip(figure.subplots(len(tracks), 1, squeeze=False)[:, 0], tracks,
                           strict=True):  # fmt: skip
        for height, tags in ((1, track.true), (0, track.told)):
            for start, end, tag in runs(tags):
                if tag > 0:
                    color = COLORS[(tag - 1) % len(COLORS)]
                    bar = axes.broken_barh([(start + 0.5, end - start)], (height, 0.8), color=color)
                    drawn.setdefault(tag, bar)
        axes.set_ylim(-0.1, 1.9)
        axes.set_xlim(0.5, len(track.true) + 0.5)
        axes.set_yticks([0.4, 1.4], ["found", "true"], fontsize=8)
        axes.tick_params(labelsize=8, left=False)
        axes.set_title(track.said, loc="left", fontsize=9)
        axes.spines[["top", "right", "left"]].set_visible(False)
    if drawn:
        shown = sorted(drawn)
        bars, names = [drawn[tag] for tag in shown], [labels[tag] for tag in shown]
        figure.legend(bars, names, loc="outside upper right", ncols=8, fontsize=8)
    caption = f"Bases from left to right; what is not coloured is '{labels[0]}'."
    return picture(title, figure, caption)


def runs(tags: NDArray[np.integer[Any]]) -> list[tuple[int, int, int]]:
    """Return start, end and tag of each stretch of one tag."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(tags)) + 1])
    ends = np.append(starts[1:], len(tags))
    return list(zip(starts.tolist(), ends.tolist(), tags[starts].tolist(), strict=True))
