"""Pictures are drawn, and what they show is counted right."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data.music.score import DRUMS, Note, Score, Track, tidy
from elman.tasks.compose.pictures import pitch_picture, rgb, roll_picture, scale_shares
from tests.data.music.tunes import scale

pytest.importorskip("matplotlib")
PNG = b"\x89PNG"


@pytest.mark.parametrize("given", [0, 48, 96])
def test_a_roll(given: int) -> None:
    drums = Track(DRUMS, (Note(0, 36, 5), Note(40, 36, 5)))
    score = tidy(Score(12, (*scale().tracks, drums), 96))
    drawn = roll_picture("a scale", score, given, "as it is")
    assert drawn.image.startswith(PNG) and drawn.title == "a scale" and drawn.caption == "as it is"


def test_silence_is_a_picture_too() -> None:
    assert roll_picture("nothing", Score(1, (), 4)).image.startswith(PNG)


def test_the_scale_is_that_of_c() -> None:
    shares = scale_shares([scale(62), scale(69)])
    assert shares.sum() == pytest.approx(1)
    assert np.flatnonzero(shares).tolist() == [0, 2, 4, 5, 7, 9, 11]
    assert shares[0] == shares.max()
    assert scale_shares([Score(1, (), 1)]).sum() == 0
    drawn = pitch_picture("the scale", {"given": [scale()], "written": [scale(65)]})
    assert drawn.image.startswith(PNG)


def test_colours() -> None:
    assert rgb("#ff0080") == (1.0, 0.0, 128 / 255)
