from __future__ import annotations

import numpy as np
import pytest

from elman.data.signal.config import SignalFeatures
from elman.data.signal.recording import Recording, Recordings
from elman.tasks.signal_pictures import (
    clock,
    drawn_channels,
    labelled_picture,
    timeline_picture,
)
from tests.data.signal import made


def test_recordings_are_drawn_as_a_png() -> None:
    pytest.importorskip("matplotlib")
    found = made.recordings(3, 2, timed=True, missing=0.2)
    scale = made.encoder(found).scale
    titles, wrong = ["a, told a", "b, told a", "a, told a"], [False, True, False]
    drawn = labelled_picture(list(found), titles, wrong, scale, SignalFeatures())
    assert drawn.kind == "png" and drawn.image.startswith(b"\x89PNG")
    assert "missing values" in drawn.caption


def test_the_channels_that_change_most_in_these_are_drawn() -> None:
    found = made.recordings(3, 6)
    scale = made.encoder(found).scale
    assert drawn_channels(list(found), scale, SignalFeatures()) == list(range(6))
    size = np.array([0.1, 9.0, 0.2, 8.0, 7.0, 6.0, 5.0, 4.0])
    many = Recordings(tuple("abcdefgh"), [Recording("r", np.outer(np.arange(5.0), size))])
    features = SignalFeatures(normalise="none")
    own = made.encoder(many, normalise="none").scale
    assert drawn_channels(list(many), own, features) == [1, 3, 4, 5, 6, 7]


def test_the_clock_begins_at_the_first_row() -> None:
    timed = made.recordings(1, 1, timed=True).items[0]
    assert clock(timed)[0] == 0
    assert clock(made.recordings(1, 1).items[0])[:3].tolist() == [1, 2, 3]


def test_rows_are_drawn_over_their_labels() -> None:
    pytest.importorskip("matplotlib")
    found = made.recordings(4, 2, timed=True)
    scale = made.encoder(found).scale
    true = [np.arange(len(item)) % 3 for item in found]
    told = [np.zeros(len(item), np.int64) for item in found]
    drawn = timeline_picture(list(found), true, told, ["a", "b", "c"], scale, SignalFeatures())
    assert drawn.image.startswith(b"\x89PNG")
