"""Recordings of every kind come out as the same sound."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.audio.read import mixed, probe, read_sound, resampled
from tests.data.audio.sounds import tone, write

EXACT = {"PCM_16": 1e-4, "PCM_24": 1e-6, "FLOAT": 1e-7, "PCM_U8": 8e-3}


@pytest.mark.parametrize("subtype", EXACT)
def test_every_width_of_sample_is_the_same_sound(tmp_path: Path, subtype: str) -> None:
    wave = tone(440, 0.3)
    path = write(tmp_path / "a.wav", wave, subtype=subtype)
    found = read_sound(path, 8000)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wave, atol=EXACT[subtype])
    assert abs(float(found.mean())) < 1e-2  # 8-bit samples have no sign: their middle is 128


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_packed_formats(tmp_path: Path, suffix: str) -> None:
    import soundfile

    wave = np.concatenate([tone(440, 0.5), tone(880, 0.5)])
    path = tmp_path / f"a.{suffix}"
    soundfile.write(str(path), wave, 8000)
    found = read_sound(path, 8000)
    assert abs(probe(path).seconds - 1.0) < 0.2
    power = np.abs(np.fft.rfft(found[:4000]))
    assert abs(float(power.argmax()) * 8000 / min(4000, len(found)) - 440) < 10


def test_channels_are_mixed_and_told(tmp_path: Path) -> None:
    left, right = tone(440, 0.1), tone(880, 0.1)
    path = write(tmp_path / "a.wav", np.stack([left, right], 1))
    about = probe(path)
    assert (about.rate, about.channels, about.frames) == (8000, 2, 800)
    np.testing.assert_allclose(read_sound(path, 8000), (left + right) / 2, atol=1e-4)
    assert mixed(np.ones((3, 1), np.float32)).tolist() == [1, 1, 1]


@pytest.mark.parametrize(("own", "rate"), [(44100, 8000), (8000, 16000), (16000, 8000)])
def test_another_rate_is_the_same_tone(tmp_path: Path, own: int, rate: int) -> None:
    path = write(tmp_path / "a.wav", tone(440, 1.0, own), own)
    found = read_sound(path, rate)
    assert abs(len(found) - rate) <= 1
    assert abs(int(np.abs(np.fft.rfft(found)).argmax()) - 440) <= 1


def test_what_is_above_half_the_rate_is_gone() -> None:
    high = np.asarray(np.sin(2 * np.pi * 5000 * np.arange(16000) / 16000), np.float32)
    assert float(np.abs(resampled(high, 16000, 8000)[500:-500]).max()) < 1e-3


def test_bytes_are_read_as_files_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(440, 0.1))
    np.testing.assert_array_equal(read_sound(path.read_bytes(), 8000), read_sound(path, 8000))


def test_what_is_no_recording_is_one_message(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.wav", np.zeros(0, np.float32))
    for read in (probe, lambda p: read_sound(p, 8000)):
        with pytest.raises(DataError, match=r"empty.wav: the recording has no samples \(length 0"):
            read(empty)
    text = tmp_path / "text.wav"
    text.write_text("not a sound at all, but long enough to be looked at " * 4)
    with pytest.raises(DataError, match=r"text.wav: not a recording that can be read \(.*ffmpeg"):
        probe(text)
    with pytest.raises(DataError, match="gone.wav is not there"):
        probe(tmp_path / "gone.wav")
    with pytest.raises(DataError, match="is a folder; expected a recording"):
        read_sound(tmp_path, 8000)
    with pytest.raises(DataError, match="the mail: not a recording"):
        read_sound(b"hello", 8000, "the mail")
    odd = write(tmp_path / "odd.wav", np.array([0.0, np.nan], np.float32), subtype="FLOAT")
    with pytest.raises(DataError, match="samples that are no numbers"):
        read_sound(odd, 8000)


def test_a_package_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.wav", tone(440, 0.1))
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(DataError, match=r"'soundfile'.*pip install 'elman\[audio\]'"):
        importlib.import_module("elman.data.audio.read").probe(path)
