"""Morse code by ear: a set of recordings that every machine can make.

A real task of transcription in small: nothing says where a letter begins, fast and slow hands,
tones that differ, fade and drown in noise. Texts are common words, call signs and groups of
random signs, so spelling alone cannot be guessed.

Source:
    International Morse code, Recommendation ITU-R M.1677-1. Speed: a word is PARIS, 50 units.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError

__all__ = ["CODE", "RATE", "keyed", "render", "texts"]

RATE = 4000
"""Samples per second, Hz: the tones are below 1 kHz."""
CODE = {
    **{"a": ".-", "b": "-...", "c": "-.-.", "d": "-..", "e": ".", "f": "..-.", "g": "--."},
    **{"h": "....", "i": "..", "j": ".---", "k": "-.-", "l": ".-..", "m": "--", "n": "-."},
    **{"o": "---", "p": ".--.", "q": "--.-", "r": ".-.", "s": "...", "t": "-", "u": "..-"},
    **{"v": "...-", "w": ".--", "x": "-..-", "y": "-.--", "z": "--.."},
    **{"0": "-----", "1": ".----", "2": "..---", "3": "...--", "4": "....-", "5": "....."},
    **{"6": "-....", "7": "--...", "8": "---..", "9": "----."},
}
"""Each sign as dots and dashes."""
WORD_LIST = (
    "the and for you are with this have from they will one all would there what out about "
    "who get which when make can like time just know take people into year your good some "
    "could them see other than then now look only come over think also back after use two "
    "how our work first well way even new want because any these give day most storm ship "
    "north south east west wind calm sea land light fog ice rain harbour captain radio "
    "signal message copy again please stop send report position weather clear quick zero six "
    "jump vex fox lazy dog quiz hello world name station power antenna watt metre band "
    "listening answer question night"
)
WORDS = WORD_LIST.split()


def texts(count: int, seed: int) -> Iterator[str]:
    """Yield texts: a third are one to three letters of a word, others one or two words."""
    rng = np.random.default_rng([seed, 1])
    signs = list(CODE)
    for _ in range(count):
        if rng.random() < 1 / 3:
            word = str(rng.choice(WORDS))
            start = int(rng.integers(len(word)))
            yield word[start : start + int(rng.integers(1, 4))]
            continue
        parts = []
        for _ in range(int(rng.integers(1, 3))):
            kind = rng.random()
            if kind < 0.7:
                parts.append(str(rng.choice(WORDS)))
            elif kind < 0.85:
                letters = "".join(rng.choice(signs[:26], 4))
                parts.append(
                    f"{letters[: 1 + int(rng.integers(2))]}{rng.integers(10)}{letters[2:]}"
                )
            else:
                parts.append("".join(rng.choice(signs, int(rng.integers(2, 6)))))
        yield " ".join(parts)


def keyed(text: str) -> list[tuple[bool, int]]:
    """Return whether the key is down, and for how many units, from the first to the last dot.

    Raises:
        DataError: If Morse code has no sign for a letter.

    Example:
        >>> keyed("et")
        [(True, 1), (False, 3), (True, 3)]
        >>> 7 + sum(units for _, units in keyed("paris"))
        50
    """
    parts: list[tuple[bool, int]] = []
    for word in text.lower().split():
        for k, letter in enumerate(word):
            if letter not in CODE:
                raise DataError(f"Morse code has no sign for {letter!r}")
            if parts:
                parts.append((False, 3 if k else 7))
            for n, sign in enumerate(CODE[letter]):
                if n:
                    parts.append((False, 1))
                parts.append((True, 1 if sign == "." else 3))
    return parts


def render(
    text: str,
    rng: np.random.Generator,
    *,
    words_per_minute: float,
    tone_hz: float,
    snr_db: float,
    swing: float = 0.08,
    rate: int = RATE,
) -> NDArray[np.float32]:
    """Return a text as it is heard on the air.

    Args:
        text: What is sent.
        rng: Of the hand and of the noise.
        words_per_minute: Speed; a unit takes 1.2 seconds over this.
        tone_hz: Pitch.
        snr_db: Power of the tone over that of the noise, in dB.
        swing: Deviation of the length of each dot, dash and gap, as a part of it.
        rate: Samples per second, Hz.

    Shape:
        - returns: ``(N,)`` in -1 to 1

    Example:
        >>> wave = render("e", np.random.default_rng(0), words_per_minute=20, tone_hz=600,
        ...               snr_db=20)
        >>> 0.3 < len(wave) / RATE < 0.7
        True
    """
    unit = 1.2 / words_per_minute
    key = [np.zeros(int(rate * rng.uniform(0.1, 0.3)))]
    for down, units in keyed(text):
        seconds = units * unit * math.exp(swing * rng.standard_normal())
        key.append(np.full(max(1, round(rate * seconds)), float(down)))
    key.append(np.zeros(int(rate * rng.uniform(0.1, 0.3))))
    envelope = np.concatenate(key)
    ramp = np.hanning(max(3, round(0.008 * rate)))  # without it every dot would click
    envelope = np.convolve(envelope, ramp / ramp.sum(), "same")
    clock = np.arange(len(envelope)) / rate  # seconds
    fading = 1 - 0.4 * rng.random() * (1 + np.sin(2 * np.pi * (rng.uniform(0.1, 1) * clock)))
    drift = rng.uniform(-5, 5)  # Hz each second, of an old transmitter
    tone = np.sin(2 * np.pi * (tone_hz + drift * clock / 2) * clock + rng.uniform(0, 6))
    noise = rng.standard_normal(len(envelope)) * math.sqrt(0.5) * 10 ** (-snr_db / 20)
    wave = envelope * fading * tone + noise
    loud: float = 0.9 * rng.uniform(0.3, 1) / float(np.abs(wave).max())
    return np.asarray(loud * wave, np.float32)
