"""Sound that is still coming: bare samples, WAV files that grow, any file block by block.

A WAV header is read here by hand, because one that is still being written says a length that is
not true yet. Everything is mixed into one channel as it comes.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.audio.read import extra, mixed, not_sound

__all__ = ["PcmFormat", "Resampler", "decoded", "file_blocks", "growing", "pcm_blocks"]

Wave = NDArray[np.float32]
Read = Callable[[], bytes]
"""Returns some more bytes, at least one; none at the end."""

BLOCK_S = 0.1
"""Seconds of a file that are read at once."""
HEADER = 1 << 16
"""Bytes in which the samples of a WAV must begin."""
PLAIN, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE  # the codes of formats in a WAV header
SUBTYPES = {(PLAIN, 8), (PLAIN, 16), (PLAIN, 24), (PLAIN, 32), (FLOAT, 32), (FLOAT, 64)}


@dataclass(frozen=True)
class PcmFormat:
    """How samples are written as bytes, little-endian.

    Args:
        rate: Samples per second, Hz.
        channels: Interleaved.
        bits: Of one sample of one channel.
        kind: 1: whole numbers (8 bits without sign), 3: floating point.
    """

    rate: int
    channels: int = 1
    bits: int = 16
    kind: int = PLAIN

    @property
    def frame_bytes(self) -> int:
        """Bytes of one moment, all channels."""
        return self.channels * self.bits // 8


def decoded(data: bytes, how: PcmFormat) -> Wave:
    r"""Return whole frames of bytes as samples in -1 to 1, ``(N,)``.

    Example:
        >>> decoded(b"\x00\x80\x00\x40", PcmFormat(8000))
        array([-1. ,  0.5], dtype=float32)
        >>> decoded(b"\x00\x80\xff", PcmFormat(8000, bits=8))
        array([-1.       ,  0.       ,  0.9921875], dtype=float32)
    """
    full = 2.0 ** (how.bits - 1)
    whole: NDArray[Any]
    if how.kind == FLOAT:
        whole, full = np.frombuffer(data, f"<f{how.bits // 8}"), 1.0
    elif how.bits == 8:
        whole = np.frombuffer(data, np.uint8).astype(np.int16) - 128
    elif how.bits == 24:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole, full = wide.view("<i4")[:, 0], 2.0**31
    else:
        whole = np.frombuffer(data, f"<i{how.bits // 8}")
    samples = np.asarray(whole / full, np.float32)
    return mixed(samples.reshape(-1, how.channels))


def pcm_blocks(read: Read, raw: PcmFormat | None, name: str) -> tuple[int, Iterator[Wave]]:
    """Return the rate of sound that comes as bytes, and its blocks as they come.

    Args:
        read: Gives the bytes.
        raw: How bare samples are written; ``None``: there is a WAV header.
        name: What messages call it.

    Raises:
        DataError: If there is no header where one is expected, or it names a format that is not
            plain samples. A sample that is cut off at the end is left out.
    """
    rest = b""
    if raw is None:
        raw, rest = wav_header(read, name)
    return raw.rate, blocks(read, raw, rest)


def blocks(read: Read, how: PcmFormat, rest: bytes) -> Iterator[Wave]:
    """Yield the samples of whole frames as the bytes come."""
    while True:
        whole = len(rest) // how.frame_bytes * how.frame_bytes
        if whole:
            yield decoded(rest[:whole], how)
        more = read()
        if not more:
            return
        rest = rest[whole:] + more


def wav_header(read: Read, name: str) -> tuple[PcmFormat, bytes]:
    """Read up to where the samples of a WAV begin; return their format and what came of them."""
    data = b""
    how = None
    place = 12
    while True:
        while len(data) < place + 8:
            more = read()
            if not more:
                what = "ended within its header" if data[:4] == b"RIFF" else "has no WAV header"
                raise DataError(
                    f"{name}: the sound {what}. Bare 16-bit samples need their rate: --raw-rate"
                )
            data += more
            if len(data) >= 12 and (data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE"):
                raise DataError(
                    f"{name}: does not begin as a WAV does. Bare 16-bit samples need their rate: "
                    "--raw-rate; other formats cannot be followed while they are written"
                )
            if len(data) > HEADER:
                raise DataError(f"{name}: the header is longer than {HEADER:,} bytes")
        kind, size = data[place : place + 4], struct.unpack("<I", data[place + 4 : place + 8])[0]
        if kind == b"data":
            if how is None:
                raise DataError(f"{name}: the WAV has samples before it says what they are")
            return how, data[place + 8 :]
        if kind == b"fmt " and len(data) >= place + 8 + size:
            how = wav_format(data[place + 8 : place + 8 + size], name)
        elif kind == b"fmt ":
            more = read()
            if not more:
                raise DataError(f"{name}: the sound ended within its header")
            data += more
            continue
        place += 8 + size + size % 2


def wav_format(chunk: bytes, name: str) -> PcmFormat:
    """Return what the format chunk of a WAV says."""
    if len(chunk) < 16:
        raise DataError(f"{name}: the WAV's format takes {len(chunk)} bytes, expected 16 or more")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if kind == EXTENSIBLE and len(chunk) >= 26:
        kind = struct.unpack("<H", chunk[24:26])[0]
    if (kind, bits) not in SUBTYPES or not channels or not rate:
        raise DataError(
            f"{name}: the WAV has format {kind} with {bits} bits, {channels} channels at {rate} "
            "Hz; sound that is still coming must be plain samples: ffmpeg -i IN -c:a pcm_s16le ..."
        )
    return PcmFormat(rate, channels, bits, kind)


def growing(
    file: BinaryIO, idle_s: float | None = None, wait: Callable[[float], None] = time.sleep
) -> Read:
    """Return what reads a file that is still written; it waits where there is nothing new.

    Args:
        file: Opened; it stays the caller's.
        idle_s: Seconds without anything new after which it counts as ended; ``None``: never.
        wait: Lets time pass, in seconds.
    """

    def read() -> bytes:
        idle = 0
        while not (data := file.read(1 << 16)):
            if idle_s is not None and idle * BLOCK_S >= idle_s:
                return b""
            wait(BLOCK_S)
            idle += 1
        return data

    return read


def file_blocks(path: Path) -> tuple[int, Iterator[Wave]]:
    """Return the rate of a recording of any format, and its sound block by block.

    Raises:
        DataError: If it is no recording.
    """
    soundfile = extra("soundfile")
    try:
        file: Any = soundfile.SoundFile(str(path))
    except (soundfile.SoundFileError, OSError) as error:
        raise DataError(not_sound(path, error)) from None

    def sound() -> Iterator[Wave]:
        with file:
            size = max(1, round(BLOCK_S * file.samplerate))
            while len(block := file.read(size, dtype="float32", always_2d=True)):
                yield mixed(block)

    return int(file.samplerate), sound()


class Resampler:
    """Brings sound to another rate block by block.

    The filter looks a few milliseconds ahead, so that much of the end comes with `finish`.

    Args:
        own: The rate of what comes, Hz.
        rate: The rate of what is returned, Hz.
    """

    def __init__(self, own: int, rate: int) -> None:
        self._stream = None
        if own != rate:
            self._stream = extra("soxr").ResampleStream(own, rate, 1, dtype="float32")

    def push(self, block: Wave, *, last: bool = False) -> Wave:
        """Return what some more samples complete."""
        if self._stream is None:
            return block
        return np.asarray(self._stream.resample_chunk(block, last=last), np.float32).reshape(-1)

    def finish(self) -> Wave:
        """Return what was held back."""
        return self.push(np.zeros(0, np.float32), last=True)
