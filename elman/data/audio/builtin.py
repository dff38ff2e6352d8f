"""The built-in set of recordings: dialled numbers as files that people can listen to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from elman.data.audio import touch_tone
from elman.data.audio.read import extra

__all__ = ["TABLE", "make_dialled"]

Progress = Callable[[int, int, str], None]
TABLE = "manifest.tsv"
COUNT, SEED = 1000, 0


def make_dialled(
    folder: Path, count: int = COUNT, seed: int = SEED, progress: Progress | None = None
) -> None:
    """Write recordings of dialled numbers and their table into a folder that is there.

    Args:
        folder: Where to.
        count: Recordings.
        seed: The same for the same.
        progress: Told how far the work is.
    """
    soundfile = extra("soundfile")
    lines = ["audio\ttext\n"]
    for number, text in enumerate(touch_tone.texts(count, seed)):
        rng = np.random.default_rng([seed, 2, number])
        wave = touch_tone.render(
            text, rng, press_s=rng.uniform(0.06, 0.15), snr_db=rng.uniform(0, 20)
        )
        name = f"{number:04d}.wav"
        soundfile.write(str(folder / name), wave, touch_tone.RATE, subtype="PCM_16")
        lines.append(f"{name}\t{text}\n")
        if progress is not None:
            progress(number + 1, count, "dialling numbers")
    (folder / TABLE).write_text("".join(lines), encoding="utf-8")
