"""Notes become sound at the right time and pitch."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.music.score import DRUMS, Note, Score, Tempo, Track, tidy
from elman.data.music.synth import RATE, seconds_of, sound, wav_bytes
from tests.data.music.tunes import scale


def loudest(samples: np.ndarray) -> float:
    """The frequency with the most energy."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE / len(samples))


@pytest.mark.parametrize(("pitch", "frequency"), [(69, 440.0), (57, 220.0), (60, 261.63)])
def test_a_note_has_its_pitch(pitch: int, frequency: float) -> None:
    heard = sound(tidy(Score(1, (Track(0, (Note(0, pitch, 2),)),), 2)))
    assert loudest(heard[:RATE]) == pytest.approx(frequency, abs=1.5)


def test_a_note_has_its_time() -> None:
    score = tidy(Score(2, (Track(0, (Note(2, 60, 1),)),), 4, (), (Tempo(0, 1_000_000),)))
    heard = np.abs(sound(score))
    assert heard[: RATE - 10].max() == 0
    assert heard[RATE : int(1.4 * RATE)].max() == pytest.approx(0.89, abs=0.01)
    assert heard[int(1.7 * RATE) :].max() == 0


def test_tempos_change_the_clock() -> None:
    score = Score(10, (), 40, (), (Tempo(10, 1_000_000), Tempo(20, 250_000)))
    assert seconds_of(score, np.array([0, 10, 15, 20, 40])).tolist() == [0, 0.5, 1, 1.5, 2]


def test_drums_and_the_same_sound_each_time() -> None:
    drums = Track(DRUMS, (Note(0, 36, 1), Note(1, 42, 1)))
    score = tidy(Score(1, (drums,), 2))
    np.testing.assert_array_equal(sound(score), sound(score))
    assert np.abs(sound(score)).max() == pytest.approx(0.89, abs=0.01)


def test_silence_and_what_is_too_long() -> None:
    assert not sound(Score(1, (), 1)).any()
    with pytest.raises(DataError, match="lasts 83 minutes"):
        sound(Score(1, (), 10_000))


def test_a_wav_file() -> None:
    told: list[int] = []
    packed = wav_bytes(sound(scale(), lambda done, total, what: told.append(done)))
    with wave.open(io.BytesIO(packed)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert file.getnframes() == pytest.approx(4.4 * RATE, abs=2)
    assert told
