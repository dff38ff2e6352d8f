"""A faster sound is shorter and higher."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data.audio.speed import at_speed
from tests.data.audio.sounds import tone


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1, 2.0])
def test_length_and_pitch(factor: float) -> None:
    wave = tone(400, 1.0)
    found = at_speed(wave, factor, 8000)
    assert abs(len(found) - len(wave) / factor) <= 1
    hz = float(np.abs(np.fft.rfft(found)).argmax()) * 8000 / len(found)
    assert abs(hz - 400 * factor) < 3


def test_its_own_speed_is_itself_and_a_sample_stays_one() -> None:
    wave = tone(400, 0.1)
    assert at_speed(wave, 1.0, 8000) is wave
    assert len(at_speed(np.ones(1, np.float32), 2.0, 8000)) >= 1
