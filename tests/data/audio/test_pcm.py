"""Sound that comes as bytes: any cut gives the same samples, and headers are not believed."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.audio.pcm import (
    PcmFormat,
    Resampler,
    decoded,
    file_blocks,
    growing,
    pcm_blocks,
)
from elman.data.audio.read import read_sound
from tests.data.audio.sounds import tone, wav_bytes, write


def reader(data: bytes, sizes: list[int]) -> Callable[[], bytes]:
    """Give data in pieces of some sizes, over and over."""

    def pieces() -> Iterator[bytes]:
        place, k = 0, 0
        while place < len(data):
            size = sizes[k % len(sizes)]
            yield data[place : place + size]
            place, k = place + size, k + 1

    each = pieces()
    return lambda: next(each, b"")


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_samples_are_those_of_libsndfile(tmp_path: Path, subtype: str, channels: int) -> None:
    wave = np.stack([tone(440 * (c + 1), 0.05) for c in range(channels)], 1)
    path = write(tmp_path / "a.wav", wave, subtype=subtype)
    rate, blocks = pcm_blocks(reader(path.read_bytes(), [7, 100, 1]), None, "a")
    found = np.concatenate(list(blocks))[: len(wave)]
    assert rate == 8000
    np.testing.assert_allclose(found, read_sound(path, 8000), atol=1e-6)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=10), st.integers(0, 60))
def test_any_cut_gives_the_same(sizes: list[int], samples: int) -> None:
    data = np.arange(samples, dtype="<i2").tobytes()
    wanted = decoded(data, PcmFormat(8000)).tolist()
    rate, blocks = pcm_blocks(reader(data + b"\x01", sizes), PcmFormat(8000), "a")
    assert [x for block in blocks for x in block.tolist()] == wanted and rate == 8000
    _, blocks = pcm_blocks(reader(wav_bytes(data), sizes), None, "a")  # says length 0
    assert [x for block in blocks for x in block.tolist()] == wanted


WRONG = {
    "text": (b"hello, this is no sound", "does not begin as a WAV does.*--raw-rate"),
    "nothing": (b"", "the sound has no WAV header"),
    "cut": (wav_bytes(b"")[:30], "ended within its header"),
    "law": (wav_bytes(b"", kind=7, bits=8), "format 7 with 8 bits.*plain samples"),
    "endless": (b"RIFF\0\0\0\0WAVE" + (b"junk\xff\0\0\0" + bytes(256)) * 300, "longer than 65,536"),
    "early": (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "samples before it says what they are"),
    "short": (b"RIFF\0\0\0\0WAVEfmt \4\0\0\0\0\0\0\0data\0\0\0\0", "takes 4 bytes"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_sound_is_one_message(case: str) -> None:
    data, message = WRONG[case]
    with pytest.raises(DataError, match=f"stdin.*{message}"):
        pcm_blocks(reader(data, [64]), None, "stdin")


def test_a_file_that_grows_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "live.wav"
    data = np.arange(400, dtype="<i2").tobytes()
    path.write_bytes(wav_bytes(data[:200]))

    def later() -> None:
        time.sleep(0.15)
        with path.open("ab") as file:
            file.write(data[200:])

    writer = threading.Thread(target=later)
    writer.start()
    with path.open("rb") as file:
        _, blocks = pcm_blocks(growing(file, idle_s=0.5), None, "live")
        found = np.concatenate(list(blocks))
    writer.join()
    np.testing.assert_array_equal(found, decoded(data, PcmFormat(8000)))


def test_waiting_ends_after_the_time_that_was_given() -> None:
    slept: list[float] = []
    read = growing(io.BytesIO(b"abc"), idle_s=1.0, wait=slept.append)
    assert read() == b"abc" and read() == b""
    assert sum(slept) == pytest.approx(1.0)


def test_any_format_comes_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    wave = tone(440, 0.55)
    soundfile.write(str(path), wave, 8000)
    rate, blocks = file_blocks(path)
    found = list(blocks)
    assert rate == 8000 and [len(b) for b in found] == [800] * 5 + [400]
    np.testing.assert_allclose(np.concatenate(found), wave, atol=1e-4)
    with pytest.raises(DataError, match="not a recording that can be read|is not there"):
        file_blocks(tmp_path / "gone.wav")


@given(st.lists(st.integers(0, 3000), max_size=8))
def test_resampling_in_blocks_is_resampling_at_once(cuts: list[int]) -> None:
    wave = tone(440, 0.7, 16000)
    whole = Resampler(16000, 8000)
    wanted = np.concatenate([whole.push(wave), whole.finish()])
    parts, resampler, place = [], Resampler(16000, 8000), 0
    for cut in [*cuts, len(wave)]:
        parts.append(resampler.push(wave[place : place + cut]))
        place += cut
    parts.append(resampler.finish())
    found = np.concatenate(parts)
    assert len(found) == len(wanted) == 5600
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    same = Resampler(8000, 8000)
    assert same.push(wave) is wave and len(same.finish()) == 0
