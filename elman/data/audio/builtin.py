"""The built-in set of recordings: Morse code as a folder of files that people can listen to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from elman.data.audio import morse
from elman.data.audio.read import extra

__all__ = ["TABLE", "make_morse"]

Progress = Callable[[int, int, str], None]
TABLE = "manifest.tsv"
COUNT, SEED = 2000, 0


def make_morse(
    folder: Path, count: int = COUNT, seed: int = SEED, progress: Progress | None = None
) -> None:
    """Write recordings of Morse code and their table into a folder that is there.

    Args:
        folder: Where to.
        count: Recordings.
        seed: The same for the same.
        progress: Told how far the work is.
    """
    soundfile = extra("soundfile")
    lines = ["audio\ttext\n"]
    for number, text in enumerate(morse.texts(count, seed)):
        rng = np.random.default_rng([seed, 2, number])
        wave = morse.render(
            text,
            rng,
            words_per_minute=rng.uniform(16, 28),
            tone_hz=rng.uniform(500, 800),
            snr_db=rng.uniform(0, 20),
        )
        name = f"{number:04d}.wav"
        soundfile.write(str(folder / name), wave, morse.RATE, subtype="PCM_16")
        lines.append(f"{name}\t{text}\n")
        if progress is not None:
            progress(number + 1, count, "keying Morse code")
    (folder / TABLE).write_text("".join(lines), encoding="utf-8")
