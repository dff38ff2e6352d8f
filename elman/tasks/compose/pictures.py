"""What people look at: piano rolls, given and written, and how often each pitch is played."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.music.key import estimate_key, pitch_classes
from elman.data.music.score import DRUMS, Note, Score, bar_lines
from elman.tasks.pictures import COLORS, new_figure, picture
from elman.tasks.report import Picture

__all__ = ["pitch_picture", "roll_picture"]

GIVEN, WRITTEN = COLORS[6], COLORS[0]
CLASSES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
NUMBERED = 20
"""Bars that have their number written."""


def roll_picture(title: str, score: Score, given: int = 0, caption: str = "") -> Picture:
    """Draw the notes of a piece: time to the right, pitch upwards, loudness as strength.

    Args:
        title: What it shows.
        score: The piece.
        given: Ticks at its beginning that were given to the model.
        caption: How to read it.
    """
    figure = new_figure(10.0, 3.6)
    axes = figure.add_subplot()
    notes = list(score.notes())
    draw_notes(axes, [n for n in notes if n.start < given], score, GIVEN)
    draw_notes(axes, [n for n in notes if n.start >= given], score, WRITTEN)
    pitches = [note.pitch for note in notes] or [60]
    drums = sorted({n.start for t in score.tracks if t.program == DRUMS for n in t.notes})
    bottom = min(pitches) - 3
    if drums:
        axes.plot(
            np.array(drums) / score.ticks_per_beat, [bottom + 1] * len(drums), "|", color="#666666"
        )
    axes.set_ylim(bottom, max(pitches) + 3)
    octaves = range(12 * (bottom // 12 + 1), max(pitches) + 3, 12)
    axes.set_yticks(list(octaves), [f"C{pitch // 12 - 1}" for pitch in octaves])
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    bars = [float(start) / score.ticks_per_beat for start, _ in bar_lines(score)]
    for start in bars[1:]:
        axes.axvline(start, color="#e8e8e8", linewidth=0.8, zorder=0)
    every = -(-len(bars) // NUMBERED)
    axes.set_xticks(bars[::every], [str(k + 1) for k in range(0, len(bars), every)])
    axes.set_xlabel("bar")
    axes.set_xlim(0, max(score.beats, 1))
    if 0 < given < score.length:
        axes.axvline(given / score.ticks_per_beat, color="#1a1a1a", linewidth=1.2)
        legend(axes, {"given": GIVEN, "written": WRITTEN})
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return picture(title, figure, caption)


def draw_notes(axes: Any, notes: Sequence[Note], score: Score, color: str) -> None:
    """Draw notes as bars."""
    if not notes:
        return
    beats = np.array([(n.start, n.duration) for n in notes]) / score.ticks_per_beat
    axes.barh(
        [note.pitch for note in notes],
        np.maximum(beats[:, 1] - 0.06, 0.04),
        left=beats[:, 0],
        height=0.85,
        color=[(*rgb(color), 0.45 + 0.55 * note.velocity / 127) for note in notes],
        linewidth=0,
    )


def rgb(color: str) -> tuple[float, float, float]:
    """Return a colour's parts, 0 to 1."""
    return tuple(int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))  # type: ignore[return-value]


def legend(axes: Any, names: Mapping[str, str]) -> None:
    """Name the colours above the picture."""
    patch = importlib.import_module("matplotlib.patches").Patch
    handles = [patch(color=color, label=name) for name, color in names.items()]
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(handles),
        frameon=False,
        fontsize=9,
    )


def pitch_picture(title: str, groups: Mapping[str, Sequence[Score]], caption: str = "") -> Picture:
    """Draw for how much of the time each pitch class sounds, group beside group.

    Pieces are moved to C, by the key they sound like, so that what is drawn is the scale.
    """
    figure = new_figure(8.0, 3.2)
    axes = figure.add_subplot()
    width = 0.8 / len(groups)
    for number, (name, scores) in enumerate(groups.items()):
        shares = scale_shares(scores)
        left = np.arange(12) - 0.4 + width * (number + 0.5)
        axes.bar(left, 100 * shares, width * 0.92, color=(GIVEN, *COLORS)[number], label=name)
    axes.set_xticks(range(12), CLASSES)
    axes.set_xlabel("pitch class, the tonic moved to C")
    axes.set_ylabel("% of sounding time")
    axes.legend(frameon=False, fontsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return picture(title, figure, caption)


def scale_shares(scores: Sequence[Score]) -> NDArray[np.float64]:
    """Return the share of each pitch class above the tonic, over all pieces."""
    total = np.zeros(12)
    for score in scores:
        notes = list(score.notes())
        key = estimate_key(notes)
        heard = pitch_classes(notes) / score.ticks_per_beat
        total += np.roll(heard, -key.tonic if key is not None else 0)
    return np.asarray(total / max(1e-9, total.sum()))
