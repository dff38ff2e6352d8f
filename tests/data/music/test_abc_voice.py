"""A voice plays in time: ties, broken rhythm, repeats."""

from __future__ import annotations

from fractions import Fraction

import pytest

from elman._errors import DataError
from elman.data.music import abc_voice
from elman.data.music.abc_voice import Voice

ONE = Fraction(1)


@pytest.fixture
def voice() -> Voice:
    return Voice(0, ONE, {"F": 1})


def played(voice: Voice) -> list[tuple[int, float, float]]:
    return [(note.pitch, float(note.start), float(note.length)) for note in voice.notes]


def test_signs_hold_for_their_octave_and_bar(voice: Voice) -> None:
    assert voice.pitch("F", 0, None) == 66
    assert [voice.pitch("F", 0, "="), voice.pitch("F", 0, None)] == [65, 65]
    assert voice.pitch("F", 1, None) == 78
    voice.end_bar("|")
    assert voice.pitch("F", 0, None) == 66


def test_ties_join_what_follows_at_once(voice: Voice) -> None:
    voice.play([60, 64], ONE, True)
    voice.play([60], ONE, True)
    voice.play([], ONE, False)
    voice.play([60], ONE, False)
    assert played(voice) == [(60, 0, 2), (64, 0, 1), (60, 3, 1)]


def test_broken_rhythm_takes_from_what_was_played_last(voice: Voice) -> None:
    voice.play([60], ONE, True)
    voice.play([60], ONE, False)
    voice.give("<")
    voice.play([62], ONE, False)
    assert played(voice) == [(60, 0, 1.5), (62, 1.5, 1.5)]
    with pytest.raises(DataError, match="no note before"):
        Voice(0, ONE, {}).give(">")


def test_repeats_leave_out_the_first_ending(voice: Voice) -> None:
    for pitch, sign, ending in ((60, "|:", ""), (62, "|", "1"), (64, ":|", "2"), (65, "||", "")):
        voice.play([pitch], ONE, False)
        voice.end_bar(sign, ending)
    assert played(voice) == [(60, 0, 1), (62, 1, 1), (64, 2, 1), (62, 3, 1), (65, 4, 1)]


def test_what_is_held_into_the_first_ending_is_cut_when_repeated(voice: Voice) -> None:
    voice.play([60], ONE, True)
    voice.begin_ending("1")
    voice.play([60], ONE, False)
    voice.end_bar(":|")
    assert played(voice) == [(60, 0, 2), (60, 2, 1)]


def test_a_tune_has_an_end(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abc_voice, "MOST_NOTES", 10)
    voice.play(range(60, 66), ONE, False)
    with pytest.raises(DataError, match="too long to be true"):
        voice.end_bar(":|")
    with pytest.raises(DataError, match="too long to be true"):
        voice.play([60], Fraction(30_000), False)
