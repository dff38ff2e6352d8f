"""Recordings without a file: sets that are made once and kept in the cache.

=========  ==========================================================
``morse``  words, call signs and groups in Morse code, with noise
=========  ==========================================================
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from elman._errors import RunError
from elman._files import cache_dir
from elman.data.audio import morse
from elman.data.audio.read import extra

__all__ = ["AUDIO_SETS", "find_audio", "make_morse"]

Progress = Callable[[int, int, str], None]
TABLE = "manifest.tsv"
MORSE = "morse-1"  # another number where what is made changes
COUNT, SEED = 1400, 0


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
            words_per_minute=rng.uniform(15, 30),
            tone_hz=rng.uniform(400, 900),
            snr_db=rng.uniform(-6, 20),
        )
        name = f"{number:04d}.wav"
        soundfile.write(str(folder / name), wave, morse.RATE, subtype="PCM_16")
        lines.append(f"{name}\t{text}\n")
        if progress is not None:
            progress(number + 1, count, "keying Morse code")
    (folder / TABLE).write_text("".join(lines), encoding="utf-8")


AUDIO_SETS: dict[str, tuple[str, Callable[[Path, Progress | None], None]]] = {
    "morse": (MORSE, lambda folder, progress: make_morse(folder, progress=progress)),
}
"""Name to the folder in the cache and what fills it."""


def find_audio(name: str, progress: Progress | None = None) -> str:
    """Return the path of what is called so; a built-in set is made first, if it is not there.

    Raises:
        RunError: If the cache cannot be written.

    Example:
        >>> find_audio("mine.csv")
        'mine.csv'
    """
    if name not in AUDIO_SETS:
        return name
    home, make = AUDIO_SETS[name]
    folder = cache_dir() / "builtin" / home
    if not (folder / TABLE).exists():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{home}."))
            try:
                make(temporary, progress)
                os.replace(temporary, folder)
            except OSError:
                if not (folder / TABLE).exists():  # else another process was faster
                    raise
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        except OSError as error:
            raise RunError(
                f"cannot write {folder}: {error.strerror}. Make room, or set ELMAN_CACHE"
            ) from None
    return str(folder / TABLE)
