r"""The key of a piece: how it is written, and how it is heard from the notes.

.. math::
    \text{key} = \arg\max_{k} \; \text{corr}(d, p_k)

over the 24 keys, where :math:`d` is how long each of the 12 pitch classes sounds and
:math:`p_k` how well each is felt to fit the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError
from elman.data.music.score import Note

__all__ = ["KEYS", "Key", "estimate_key", "key_fits", "parse_key", "pitch_classes"]

NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
SHARPS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
MINOR_SHARPS = (-3, 4, -1, -6, 1, -4, 3, -2, 5, 0, -5, 2)
"""Sharps of each key, major and minor; below zero flats."""
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# Probe-tone ratings of Krumhansl & Kessler 1982, doi:10.1037/0033-295X.89.4.334
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


class Key(NamedTuple):
    """A key: its tonic, 0 (C) to 11 (B), and whether it is minor.

    Example:
        >>> str(Key(7, True)), Key(7, True).sharps, Key(2, False).sharps
        ('Gm', -2, 2)
    """

    tonic: int
    minor: bool

    @property
    def sharps(self) -> int:
        """Sharps of its signature; below zero flats."""
        return (MINOR_SHARPS if self.minor else SHARPS)[self.tonic]

    def moved(self, semitones: int) -> Key:
        """Return the key so many semitones higher."""
        return Key((self.tonic + semitones) % 12, self.minor)

    @property
    def number(self) -> int:
        """0 to 23: the major keys from C, then the minor ones."""
        return self.tonic + 12 * self.minor

    def __str__(self) -> str:
        return MINOR_NAMES[self.tonic] + "m" if self.minor else NAMES[self.tonic]


KEYS = tuple(Key(tonic, minor) for minor in (False, True) for tonic in range(12))
"""All keys by number."""


def parse_key(text: str) -> Key:
    """Read a key as people write it: ``Gm``, ``F#``, ``Bb minor``, ``a``.

    Raises:
        ConfigError: If it is no major or minor key.

    Example:
        >>> [str(parse_key(text)) for text in ("Gm", "f# minor", "Bb", "C#")]
        ['Gm', 'F#m', 'Bb', 'Db']
    """
    match = re.fullmatch(r"\s*([A-Ga-g])([#♯b♭]?)\s*(m|min|minor|maj|major|M)?\s*", text)
    if match is None:
        raise ConfigError(f"key: expected one such as C, Gm, F# or 'Bb minor', got {text!r}")
    letter, sign, mode = match.groups()
    tonic = LETTERS[letter.upper()] + (sign in ("#", "♯")) - (sign in ("b", "♭"))
    minor = (mode in ("m", "min", "minor")) if mode else letter.islower()
    return Key(tonic % 12, minor)


def pitch_classes(notes: Iterable[Note]) -> NDArray[np.float64]:
    """Return for how many ticks each pitch class sounds, ``(12,)``.

    Example:
        >>> pitch_classes([Note(0, 60, 4), Note(4, 72, 2)])[0].item()
        6.0
    """
    found = np.array([(note.pitch, note.duration) for note in notes], np.int64).reshape(-1, 2)
    return np.bincount(found[:, 0] % 12, found[:, 1], 12).astype(np.float64)


def estimate_key(notes: Iterable[Note]) -> Key | None:
    """Return the key whose profile the notes fit best, by duration; None without any evidence.

    Source:
        Krumhansl 1990, Cognitive Foundations of Musical Pitch, ch. 4.

    Example:
        >>> str(estimate_key([Note(0, pitch, 1) for pitch in (60, 62, 64, 65, 67, 69, 71, 60)]))
        'C'
    """
    fits = key_fits(notes)
    return KEYS[int(np.argmax(fits))] if fits.any() else None


def key_fits(notes: Iterable[Note]) -> NDArray[np.float64]:
    """Return how well each key fits the notes, ``(24,)`` correlations; without evidence zeros."""
    heard = pitch_classes(notes)
    if np.ptp(heard) == 0:
        return np.zeros(len(KEYS))
    heard = (heard - heard.mean()) / np.linalg.norm(heard - heard.mean())
    profiles = np.array([np.roll(MINOR if key.minor else MAJOR, key.tonic) for key in KEYS])
    profiles -= profiles.mean(axis=1, keepdims=True)
    return np.asarray(profiles @ heard / np.linalg.norm(profiles, axis=1))
