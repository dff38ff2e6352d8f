"""Small recordings that the tests write."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

PITCH = {"a": 400.0, "b": 700.0, "c": 1100.0, " ": 0.0}


def tone(hz: float, seconds: float, rate: int = 8000) -> NDArray[np.float32]:
    """A tone with soft ends."""
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(0.5 * np.sin(2 * np.pi * hz * time) * np.hanning(len(time)), np.float32)


def sung(text: str, rng: np.random.Generator, rate: int = 8000) -> NDArray[np.float32]:
    """A text as tones, one for each letter, and a little noise."""
    parts = [tone(PITCH[c], rng.uniform(0.1, 0.16), rate) for c in text]
    wave = np.concatenate([np.zeros(rate // 20, np.float32), *parts])
    return np.asarray(wave + 0.01 * rng.standard_normal(len(wave)), np.float32)


def write(path: Path, wave: Any, rate: int = 8000, subtype: str = "PCM_16") -> Path:
    """Write a recording."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(str(path), wave, rate, subtype=subtype)
    return path


def write_songs(folder: Path, count: int, rate: int = 8000, seed: int = 0) -> Path:
    """Write recordings of a small language and their table; return the table."""
    rng = np.random.default_rng(seed)
    words = ["".join(w) for n in (1, 2) for w in itertools.product("abc", repeat=n)]
    lines = ["audio,text\n"]
    for k in range(count):
        text = " ".join(rng.choice(words, int(rng.integers(1, 3))))
        write(folder / f"{k:03d}.wav", sung(text, rng, rate), rate)
        lines.append(f"{k:03d}.wav,{text}\n")
    table = folder / "songs.csv"
    table.write_text("".join(lines))
    return table


def wav_bytes(
    data: bytes, rate: int = 8000, channels: int = 1, bits: int = 16, kind: int = 1, size: int = 0
) -> bytes:
    """A WAV by hand, whose header says any length."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    note = b"LIST" + struct.pack("<I", 5) + b"hello\0"  # an odd chunk has a byte behind it
    chunks = b"fmt " + struct.pack("<I", 16) + form + note + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", 0) + b"WAVE" + chunks + data
