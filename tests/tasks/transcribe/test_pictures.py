"""A picture of a recording is drawn whatever its length."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data.audio.alphabet import Alphabet
from elman.models.transcriber import Transcriber
from elman.models.transcriber_config import TranscriberConfig
from elman.tasks.transcribe.pictures import MOST_S, heard_picture
from elman.tasks.transcribe.transcripts import Letter, Transcript
from tests.data.audio.sounds import sung

MODEL = Transcriber(len(Alphabet("abc ")), 8000, TranscriberConfig(hidden_size=8))


@pytest.mark.parametrize("seconds", [0.05, 2.0, MOST_S + 5])
def test_it_is_drawn(seconds: float) -> None:
    wave = np.resize(sung("abc ab", np.random.default_rng(0)), round(8000 * seconds))
    letters = tuple(
        Letter(c, k * 0.03, k * 0.03 + 0.02, 0.4 + 0.1 * k) for k, c in enumerate("ab ca")
    )
    drawn = heard_picture("a.wav", wave, MODEL, Transcript("ab ca", letters, (), seconds), "abc")
    assert drawn.image.startswith(b"\x89PNG") and drawn.kind == "png"
    assert "Heard: ab ca. Said: abc." in drawn.caption
    assert ("first 15 seconds" in drawn.caption) is (seconds > MOST_S)


def test_silence_without_letters_is_drawn_too() -> None:
    nothing = heard_picture("a.wav", np.zeros(80, np.float32), MODEL, Transcript("", (), (), 0.01))
    assert "Heard: (nothing)." in nothing.caption
