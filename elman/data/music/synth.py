"""Sound from notes by a plain additive synthesiser: to listen anywhere, not to be admired."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.music.score import DRUMS, Note, Score, Tempo

__all__ = ["RATE", "seconds_of", "sound", "wav_bytes"]

RATE = 44_100
"""Samples a second."""
MOST_SECONDS = 1800
HARMONICS = (1.0, 0.5, 0.3, 0.16, 0.09, 0.05)
ATTACK_S, RELEASE_S, TAIL_S = 0.008, 0.09, 0.4
DECAY_S = 1.6
"""After so long a held tone has fallen to a third, beside what stays."""
LOUD = 0.89
"""The highest sample."""

Samples = NDArray[np.float32]


def seconds_of(score: Score, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return when ticks are, in seconds, at the tempos of the piece.

    Example:
        >>> twice = Score(1, (), 4, tempos=(Tempo(2, 250_000),))
        >>> seconds_of(twice, np.array([0, 2, 4])).tolist()
        [0.0, 1.0, 1.5]
    """
    tempos = list(score.tempos)
    if not tempos or tempos[0].start > 0:
        tempos.insert(0, Tempo(0, 500_000))
    starts = np.array([tempo.start for tempo in tempos], np.int64)
    slopes = np.array([t.microseconds / 1e6 / score.ticks_per_beat for t in tempos])
    reached = np.concatenate([[0.0], np.cumsum(np.diff(starts) * slopes[:-1])])
    part = np.maximum(0, np.searchsorted(starts, ticks, side="right") - 1)
    return np.asarray(reached[part] + (ticks - starts[part]) * slopes[part])


def sound(score: Score, progress: Callable[[int, int, str], None] | None = None) -> Samples:
    """Return a piece as sound, mono, -1 to 1.

    Raises:
        DataError: If it lasts more than half an hour.
    """
    notes = [(track.program, note) for track in score.tracks for note in track.notes]
    ends = np.array([[note.start, note.end] for _, note in notes], np.int64).reshape(-1, 2)
    times = seconds_of(score, ends)
    length = float(max([seconds_of(score, np.array([score.length]))[0], *times[:, 1].tolist()]))
    if length > MOST_SECONDS:
        raise DataError(f"the piece lasts {length / 60:.0f} minutes; at most 30 are rendered")
    mixed = np.zeros(int((length + TAIL_S) * RATE) + 1, np.float32)
    noise = np.random.default_rng(0).uniform(-1, 1, RATE // 4)
    for done, ((program, note), (start, end)) in enumerate(zip(notes, times, strict=True)):
        tone = struck(note, noise) if program == DRUMS else sung(note, end - start)
        first = int(start * RATE)
        heard = tone[: len(mixed) - first]
        mixed[first : first + len(heard)] += heard
        if progress is not None and done % 500 == 0:
            progress(done, len(notes), "rendering")
    peak = float(np.abs(mixed).max(initial=0.0))
    return mixed * (LOUD / peak) if peak else mixed


def sung(note: Note, seconds: float) -> Samples:
    """Return a tone: harmonics that fall while it is held, and fade when it is released."""
    t = np.arange(int((seconds + RELEASE_S) * RATE)) / RATE
    frequency = 440.0 * 2 ** ((note.pitch - 69) / 12)
    wave_of = np.zeros(len(t))
    for number, strength in enumerate(HARMONICS, 1):
        if number * frequency < RATE / 2:
            falls = 0.35 + 0.65 * np.exp(-t * number / DECAY_S)
            wave_of += strength * falls * np.sin(2 * np.pi * number * frequency * t)
    shape = np.minimum(1.0, t / ATTACK_S) * np.clip((seconds + RELEASE_S - t) / RELEASE_S, 0, 1)
    return np.asarray(0.2 * note.velocity / 127 * shape * wave_of, np.float32)


def struck(note: Note, noise: NDArray[np.float64]) -> Samples:
    """Return a drum: noise, and for low pitches a falling tone."""
    t = np.arange(len(noise)) / RATE
    low = note.pitch in (35, 36, 41, 43, 45, 47)
    tone = np.sin(2 * np.pi * 55 * t * (1 + np.exp(-t * 30))) if low else noise
    return np.asarray(
        0.25 * note.velocity / 127 * np.exp(-t * (14 if low else 32)) * tone, np.float32
    )


def wav_bytes(samples: Samples) -> bytes:
    """Return sound as a WAV file of 16 bits."""
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return packed.getvalue()
