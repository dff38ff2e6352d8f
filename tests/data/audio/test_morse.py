"""Morse code as the recommendation has it, keyed and heard."""

from __future__ import annotations

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.audio.morse import CODE, RATE, keyed, render, texts


def test_signs_are_the_published_ones_and_all_different() -> None:
    known = {"s": "...", "o": "---", "q": "--.-", "5": ".....", "0": "-----", "1": ".----"}
    assert {k: CODE[k] for k in known} == known
    assert len(set(CODE.values())) == len(CODE) == 36


def test_paris_takes_fifty_units() -> None:
    assert sum(units for _, units in keyed("paris")) + 7 == 50
    assert keyed("a b")[3] == (False, 7)
    with pytest.raises(DataError, match="Morse code has no sign for 'ä'"):
        keyed("ä")


def test_what_is_keyed_is_heard() -> None:
    wave = render(
        "sos",
        np.random.default_rng(0),
        words_per_minute=20,
        tone_hz=600,
        snr_db=60,
        swing=0.0,
    )
    loud = (
        np.abs(wave).reshape(-1)[: len(wave) // 40 * 40].reshape(-1, 40).max(1) > 0.2 * wave.max()
    )
    edges = np.flatnonzero(np.diff(loud.astype(int)))
    lengths = np.diff(edges)[::2] * 40 / RATE / 0.06  # in units of 60 ms
    np.testing.assert_allclose(lengths, [1, 1, 1, 3, 3, 3, 1, 1, 1], atol=0.4)
    power = np.abs(np.fft.rfft(wave))
    assert abs(power.argmax() * RATE / len(wave) - 600) < 10


def test_noise_is_as_loud_as_it_says() -> None:
    rng = np.random.default_rng(0)
    wave = render("t" * 40, rng, words_per_minute=20, tone_hz=600, snr_db=0.0)
    power = np.abs(np.fft.rfft(wave)) ** 2
    hz = np.fft.rfftfreq(len(wave), 1 / RATE)
    noise = power[(hz > 1000) & (hz < 1900)].mean()
    tone = power[(hz > 500) & (hz < 700)].sum() - noise * ((hz > 500) & (hz < 700)).sum()
    ratio = tone / (noise * len(power))
    assert 0.1 < ratio < 1.0  # the key is up half of the time, and the tone fades


def test_texts_are_many_and_the_same_for_a_seed() -> None:
    some = list(texts(300, 0))
    assert some == list(texts(300, 0)) and some != list(texts(300, 1))
    assert len(set(some)) > 200 and set("".join(some)) <= {*CODE, " "}
    assert set("".join(some)) == {*CODE, " "}
