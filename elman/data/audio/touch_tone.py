"""Telephone numbers as they are dialled: a set of recordings that every machine can make.

A real task of transcription in small: each key is two tones at once (DTMF), pressed long or
short, off pitch, with one tone weaker, on a line that hums and hisses; nothing says where a key
begins. Numbers are random, so spelling cannot be guessed.

Source:
    Frequencies and tolerances: Recommendation ITU-T Q.23.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError

__all__ = ["KEYS", "RATE", "render", "texts"]

RATE = 4000
"""Samples per second, Hz: the highest tone is 1633 Hz."""
LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = {
    key: (low, high)
    for low, row in zip(LOW, ("123a", "456b", "789c", "*0#d"), strict=True)
    for key, high in zip(row, HIGH, strict=True)
}
"""The two frequencies of each key, Hz."""


def texts(count: int, seed: int) -> Iterator[str]:
    """Yield numbers in one to three groups, some between star and hash, some with letters."""
    rng = np.random.default_rng([seed, 1])
    digits, keys = list("0123456789"), list(KEYS)
    for _ in range(count):
        kind = rng.random()
        some = keys if kind < 0.25 else digits
        groups = ["".join(rng.choice(some, int(rng.integers(1, 5)))) for _ in range(3)]
        text = " ".join(groups[: int(rng.integers(1, 4))])
        yield f"*{text}#" if kind > 0.9 else text


def render(
    text: str,
    rng: np.random.Generator,
    *,
    press_s: float = 0.1,
    snr_db: float = 20.0,
    rate: int = RATE,
) -> NDArray[np.float32]:
    """Return a number as it sounds on the line.

    Args:
        text: Keys; a space is a pause.
        rng: Of the hand and of the line.
        press_s: About how long a key is pressed, and nothing after it, in seconds.
        snr_db: Power of the tones over that of the noise, in dB.
        rate: Samples per second, Hz.

    Shape:
        - returns: ``(N,)`` in -1 to 1

    Raises:
        DataError: If the telephone has no such key.

    Example:
        >>> wave = render("12 0", np.random.default_rng(0))
        >>> 0.8 < len(wave) / RATE < 2.0
        True
    """
    parts = [np.zeros(int(rate * rng.uniform(0.05, 0.2)))]
    twist = 10 ** (rng.uniform(-4, 4) / 20)  # one group of tones is louder than the other
    for key in text:
        if key == " ":
            parts.append(np.zeros(int(rate * rng.uniform(3, 5) * press_s)))
            continue
        if key not in KEYS:
            raise DataError(f"a telephone has no key {key!r}")
        samples = max(2, int(rate * press_s * rng.uniform(0.6, 1.6)))
        clock = np.arange(samples) / rate
        low, high = (hz * rng.uniform(0.985, 1.015) for hz in KEYS[key])
        tones = np.sin(2 * np.pi * low * clock) + twist * np.sin(2 * np.pi * high * clock)
        parts += [tones, np.zeros(int(rate * press_s * rng.uniform(0.5, 1.5)))]
    parts.append(np.zeros(int(rate * rng.uniform(0.05, 0.2))))
    clean = np.concatenate(parts)
    hum = 0.2 * np.sin(2 * np.pi * 50 * np.arange(len(clean)) / rate)
    power = (1 + twist**2) / 2
    noise = rng.standard_normal(len(clean)) * np.sqrt(power) * 10 ** (-snr_db / 20)
    wave = clean + hum + noise
    loud: float = 0.9 * rng.uniform(0.2, 1) / float(np.abs(wave).max())
    return np.asarray(loud * wave, np.float32)
