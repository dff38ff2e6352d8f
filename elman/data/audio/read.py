"""Recordings as arrays: any format that libsndfile reads, one channel, one rate.

Needs soundfile and soxr, which are imported when they are used.
"""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError

__all__ = ["SUFFIXES", "Sound", "extra", "mixed", "probe", "read_sound", "resampled"]

Wave = NDArray[np.float32]
SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".w64")
"""Endings of files that are taken for recordings."""


@dataclass(frozen=True)
class Sound:
    """What the header of a recording says.

    Args:
        rate: Samples per second, Hz.
        channels: 1 is mono.
        frames: Samples of each channel.
    """

    rate: int
    channels: int
    frames: int

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.frames / self.rate


def extra(module: str) -> Any:
    """Return a package of the extra `audio`.

    Raises:
        DataError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError):  # OSError: soundfile without its library
        raise DataError(
            f"sound needs the package '{module}', which is not here: pip install 'elman[audio]'"
        ) from None


def probe(path: Path) -> Sound:
    """Return what a recording's header says, without decoding it.

    Raises:
        DataError: If it is no recording, or has no sample.
    """
    soundfile = extra("soundfile")
    try:
        about = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError) as error:
        raise DataError(not_sound(path, error)) from None
    if about.frames < 1:
        raise DataError(f"{path}: the recording has no samples (length 0). Remove it")
    return Sound(int(about.samplerate), int(about.channels), int(about.frames))


def read_sound(source: Path | bytes, rate: int, name: str = "") -> Wave:
    """Return a recording in -1 to 1, its channels mixed into one, at a rate.

    Args:
        source: A file, or the bytes of one.
        rate: Samples per second of the result, Hz.
        name: What messages call it; default: the file's name.

    Shape:
        - returns: ``(N,)``

    Raises:
        DataError: If it is no recording, is damaged or empty, or holds a number that is none.
    """
    soundfile = extra("soundfile")
    file: Any = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    shown = name or (str(source) if isinstance(source, Path) else "the sound")
    try:
        samples, own = soundfile.read(file, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        where = source if isinstance(source, Path) and not name else shown
        raise DataError(not_sound(where, error)) from None
    if not len(samples):
        raise DataError(f"{shown}: the recording has no samples (length 0). Remove it")
    if not np.isfinite(samples).all():
        raise DataError(f"{shown}: holds samples that are no numbers (NaN or infinite)")
    return resampled(mixed(samples), int(own), rate)


def mixed(samples: Wave) -> Wave:
    """Return the mean of the channels, ``(N, C)`` to ``(N,)``."""
    return samples[:, 0] if samples.shape[1] == 1 else samples.mean(1, dtype=np.float32)


def resampled(wave: Wave, own: float, rate: float) -> Wave:
    """Return a sound ``(N,)`` at another rate, with nothing above half of it."""
    if own == rate:
        return np.ascontiguousarray(wave)
    result: Wave = extra("soxr").resample(wave, own, rate)
    return result.astype(np.float32, copy=False)


def not_sound(name: Path | str, error: Exception) -> str:
    """Return the message for what libsndfile refuses."""
    path = Path(name)
    if isinstance(name, Path) and not path.exists():
        return f"{path} is not there"
    if isinstance(name, Path) and path.is_dir():
        return f"{path} is a folder; expected a recording"
    reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
    return (
        f"{name}: not a recording that can be read ({reason}). Expected WAV, FLAC, OGG or MP3; "
        "convert it: ffmpeg -i IN out.wav"
    )
