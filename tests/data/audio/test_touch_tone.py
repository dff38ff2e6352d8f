"""Keys sound as the recommendation has it."""

from __future__ import annotations

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.audio.touch_tone import KEYS, RATE, render, texts


def test_the_keys_are_the_published_ones() -> None:
    assert KEYS["1"] == (697, 1209) and KEYS["5"] == (770, 1336) and KEYS["9"] == (852, 1477)
    assert KEYS["0"] == (941, 1336) and KEYS["*"] == (941, 1209) and KEYS["#"] == (941, 1477)
    assert len(set(KEYS.values())) == len(KEYS) == 16


@pytest.mark.parametrize("key", "1590d#")
def test_what_is_pressed_is_heard(key: str) -> None:
    wave = render(key, np.random.default_rng(0), press_s=0.5, snr_db=40)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    hz = np.fft.rfftfreq(len(wave), 1 / RATE)
    for low, high, wanted in ((600, 1050, KEYS[key][0]), (1100, 1800, KEYS[key][1])):
        inside = (hz > low) & (hz < high)
        assert abs(float(hz[inside][power[inside].argmax()]) / wanted - 1) < 0.02


def test_noise_is_as_loud_as_it_says() -> None:
    powers = []
    for snr in (0.0, 60.0):
        wave = render("1", np.random.default_rng(0), press_s=4.0, snr_db=snr)
        middle = wave[len(wave) // 8 : len(wave) // 4]
        power = np.abs(np.fft.rfft(middle)) ** 2
        hz = np.fft.rfftfreq(len(middle), 1 / RATE)
        tones = power[(hz > 600) & (hz < 1300)].max()
        powers.append(power[hz > 1500].mean() / tones)
    assert powers[0] > 1e4 * powers[1]


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(DataError, match="a telephone has no key 'x'"):
        render("1x", np.random.default_rng(0))


def test_numbers_are_many_and_the_same_for_a_seed() -> None:
    some = list(texts(300, 0))
    assert some == list(texts(300, 0)) and some != list(texts(300, 1))
    assert len(set(some)) > 200 and set("".join(some)) == {*KEYS, " "}
