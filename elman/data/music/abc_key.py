"""Keys as ABC writes them, and what they do to each letter."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["SHARP_ORDER", "signature"]

SHARP_ORDER = "FCGDAEB"
MODES = {
    **{"": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "mix": -1, "dor": -2},
    **{"phr": -4, "lyd": 1, "loc": -5},
}
"""Sharps that a mode has more than the major key of its tonic."""


def signature(key: str) -> dict[str, int] | None:
    """Return what a key of ABC does to each letter, or None if it is no key.

    Example:
        >>> signature("Gm"), signature("D mixolydian"), signature("none")
        ({'B': -1, 'E': -1}, {'F': 1}, {})
    """
    key = re.split(r"\s+(?:clef|octave|transpose|stafflines|middle)\b|\s*treble|\s*bass", key)[0]
    words = key.strip()
    if words in ("", "none", "perc"):
        return {}
    if words in ("HP", "Hp"):  # the bagpipes'
        return {"F": 1, "C": 1}
    match = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", words)
    mode = match[3].lower() if match else ""
    short = mode if mode in ("", "m") else mode[:3]
    if match is None or short not in MODES:
        return None
    sharps = SHARP_ORDER.index(match[1]) - 1 + 7 * (match[2] == "#") - 7 * (match[2] == "b")
    sharps += MODES[short]
    if abs(sharps) > 7:
        return None
    altered = dict(spelled(sharps))
    for sign, letter in re.findall(r"(\^|_|=)([A-Ga-g])(?![a-z])", words[match.end() :]):
        altered[letter.upper()] = {"^": 1, "_": -1, "=": 0}[sign]
    return altered


def spelled(sharps: int) -> Iterator[tuple[str, int]]:
    """Yield the letters that a signature changes, sharps up or (below zero) flats down."""
    order = SHARP_ORDER if sharps > 0 else SHARP_ORDER[::-1]
    for letter in order[: abs(sharps)]:
        yield letter, 1 if sharps > 0 else -1
