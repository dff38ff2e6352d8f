"""The piano roll: which of 88 keys sound at each step of time, and files of such rolls.

A roll knows no strike, no instrument and no loudness: a key that sounds on is one long note.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.music.mat import read_mat
from elman.data.music.score import DRUMS, Note, Score, Track, tidy

__all__ = ["KEYS", "LOWEST", "Roll", "read_rolls", "roll_of", "score_of_roll", "shifted"]

KEYS = 88
LOWEST = 21
"""The MIDI pitch of the first key."""
PARTS = ("train", "valid", "test")

Roll = NDArray[np.uint8]
"""``(T, 88)``, 1 where a key sounds."""


def roll_of(score: Score, steps_per_beat: int) -> Roll:
    """Return the roll of a score; a note takes at least one step, percussion takes none.

    Example:
        >>> score = Score(2, (Track(0, (Note(0, 60, 3), Note(2, 64, 2))),), 4)
        >>> [np.flatnonzero(frame).tolist() for frame in roll_of(score, 1)]
        [[39], [39, 43]]
    """
    scale = steps_per_beat / score.ticks_per_beat
    steps = max(1, int(np.ceil(score.length * scale - 1e-9)))
    roll = np.zeros((steps, KEYS), np.uint8)
    for track in score.tracks:
        if track.program == DRUMS:
            continue
        for note in track.notes:
            start = min(int(note.start * scale + 0.5), steps - 1)
            if 0 <= note.pitch - LOWEST < KEYS:
                end = max(int(note.end * scale + 0.5), start + 1)
                roll[start:end, note.pitch - LOWEST] = 1
    return roll


def score_of_roll(roll: Roll, steps_per_beat: int, program: int = 0, ticks: int = 1) -> Score:
    """Return the notes of a roll: a key that sounds on is held.

    Args:
        roll: The roll.
        steps_per_beat: Steps of a quarter.
        program: The instrument.
        ticks: Ticks of a step.
    """
    edges = np.diff(np.pad(roll.astype(np.int8), ((1, 1), (0, 0))), axis=0)  # (T + 1, 88)
    notes = []
    for key in np.flatnonzero(edges.any(axis=0)):
        starts, ends = np.flatnonzero(edges[:, key] == 1), np.flatnonzero(edges[:, key] == -1)
        notes += [
            Note(int(s) * ticks, int(key) + LOWEST, int(e - s) * ticks)
            for s, e in zip(starts, ends, strict=True)
        ]
    track = Track(program, tuple(notes))
    return tidy(Score(steps_per_beat * ticks, (track,), len(roll) * ticks))


def shifted(roll: Roll, semitones: int) -> Roll:
    """Return a roll higher or lower; keys beyond the piano are dropped.

    Example:
        >>> roll = np.eye(1, KEYS, 5, dtype=np.uint8)
        >>> np.flatnonzero(shifted(roll, -2)).tolist(), int(shifted(roll, -6).sum())
        ([3], 0)
    """
    moved = np.zeros_like(roll)
    if semitones >= 0:
        moved[:, semitones:] = roll[:, : KEYS - semitones]
    else:
        moved[:, :semitones] = roll[:, -semitones:]
    return moved


def read_rolls(path: Path) -> dict[str, list[Roll]]:
    """Return the rolls of a file by part: train, valid, test, or all under an empty name.

    ``.mat``: cells ``traindata``, ``validdata``, ``testdata`` of rolls ``(T, 88)``. ``.npz``:
    ``{part}_frames (N, 88)``, all pieces one behind the other, and ``{part}_lengths``; or
    ``frames`` and ``lengths``.

    Raises:
        DataError: If it is damaged or holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    stored = read_mat(content, path) if path.suffix.lower() == ".mat" else read_npz(content, path)
    found: dict[str, list[Roll]] = {}
    for part in PARTS:
        cell = stored.get(f"{part}data")
        if isinstance(cell, list):
            found[part] = [
                checked(roll, path, f"{part}data, piece {k}") for k, roll in enumerate(cell, 1)
            ]
    for part in (*PARTS, ""):
        prefix = f"{part}_" if part else ""
        frames, lengths = stored.get(f"{prefix}frames"), stored.get(f"{prefix}lengths")
        if isinstance(frames, np.ndarray) and isinstance(lengths, np.ndarray):
            found[part] = divided(checked(frames, path, f"{prefix}frames"), lengths, path)
    if not found:
        raise DataError(
            f"{path}: expected piano rolls: traindata, validdata and testdata in a .mat file, "
            f"frames and lengths in an .npz file; got {', '.join(sorted(stored)) or 'nothing'}"
        )
    return found


def read_npz(content: bytes, path: Path) -> dict[str, Any]:
    """Return the arrays of an .npz file."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        raise DataError(f"{path}: damaged .npz file: {error}") from None


def checked(roll: NDArray[Any], path: Path, what: str) -> Roll:
    """Return an array as a roll."""
    if roll.ndim != 2 or roll.shape[1] != KEYS or not len(roll):
        raise DataError(f"{path}: {what}: expected (T, {KEYS}), got {roll.shape}")
    if roll.dtype.kind not in "buif" or not np.isin(roll, (0, 1)).all():
        raise DataError(f"{path}: {what}: expected 0 and 1 alone")
    return np.ascontiguousarray(roll, np.uint8)


def divided(frames: Roll, lengths: NDArray[Any], path: Path) -> list[Roll]:
    """Return pieces that stand one behind the other."""
    sizes = lengths.reshape(-1)
    if sizes.dtype.kind not in "iu" or (sizes < 1).any() or int(sizes.sum()) != len(frames):
        raise DataError(
            f"{path}: expected lengths from 1 whose sum is the {len(frames)} frames, "
            f"got a sum of {sizes.sum()}"
        )
    return np.split(frames, np.cumsum(sizes)[:-1])
