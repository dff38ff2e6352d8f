"""Keys are read, and heard."""

from __future__ import annotations

import pytest

from elman._errors import ConfigError
from elman.data.music.key import KEYS, Key, estimate_key, key_fits, parse_key, pitch_classes
from elman.data.music.score import Note
from tests.data.music.tunes import scale

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11, 0, 4, 7), (0, 2, 3, 5, 7, 8, 11, 0, 3, 7)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_scales_are_heard_in_their_key(key: Key) -> None:
    steps = MINOR if key.minor else MAJOR
    notes = [Note(k, 60 + key.tonic + step, 1) for k, step in enumerate(steps)]
    assert estimate_key(notes) == key
    assert parse_key(str(key)) == key


def test_the_key_moves_with_the_music() -> None:
    heard = [estimate_key(scale(60 + step).notes()) for step in range(12)]
    assert heard == [Key(step, False) for step in range(12)]


def test_fits_are_correlations() -> None:
    fits = key_fits(scale().notes())
    assert fits.shape == (24,) and fits.argmax() == 0 and 0.7 < fits[0] <= 1 and fits.min() >= -1
    assert not key_fits([]).any()


def test_without_evidence_there_is_no_key() -> None:
    assert estimate_key([]) is None
    assert estimate_key([Note(0, 60 + k, 1) for k in range(12)]) is None


def test_signatures() -> None:
    assert [Key(t, False).sharps for t in (0, 7, 2, 5, 10, 3)] == [0, 1, 2, -1, -2, -3]
    assert [Key(t, True).sharps for t in (9, 4, 2, 7)] == [0, 1, -1, -2]


@pytest.mark.parametrize("text", ["H", "Cm7", "", "C##", "G minorr"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="key: expected one such as"):
        parse_key(text)


def test_pitch_classes_weigh_by_length() -> None:
    assert pitch_classes([Note(0, 62, 3), Note(0, 74, 2)]).tolist() == [0, 0, 5, *[0] * 9]
