"""What is written as ABC is read back as the same music."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given

from elman.data.music.abc import read_abc
from elman.data.music.abc_writer import Speller, abc_text, length
from elman.data.music.key import KEYS, Key
from elman.data.music.score import Meter, Note, Score, Track, tidy
from tests.data.music.tunes import scale, scores


def in_quarters(score: Score) -> Score:
    """A score in so many ticks that both sides can be compared, without what ABC leaves out."""
    by = 5040 // score.ticks_per_beat
    tracks = tuple(
        Track(t.program, tuple(Note(n.start * by, n.pitch, n.duration * by) for n in t.notes))
        for t in score.tracks
    )
    meters = tuple(m._replace(start=m.start * by) for m in score.meters)
    tempos = tuple(t._replace(start=t.start * by) for t in score.tempos)
    return tidy(Score(5040, tracks, score.length * by, meters, tempos))


@given(scores())
def test_write_and_read_round_trip(score: Score) -> None:
    [tune] = read_abc(abc_text(score, "any"))
    assert in_quarters(tune.score) == in_quarters(score)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_pitch_in_every_key(key: Key) -> None:
    line = tuple(Note(k, 36 + k, 1) for k in range(60))
    score = tidy(
        Score(1, (Track(0, line + tuple(n._replace(start=119 - n.start) for n in line)),), 0)
    )
    [tune] = read_abc(abc_text(score, key=key))
    assert tune.score.tracks == score.tracks


def test_a_scale_looks_like_one() -> None:
    assert abc_text(scale(62), "Up").splitlines() == [
        *("X:1", "T:Up", "M:4/4", "L:1/4", "Q:1/4=120", "K:D", "V:1"),
        "DEFG | ABcd |",
        "V:2",
        "D,4 | D,4 |",
    ]


def test_accidentals_hold_for_their_bar() -> None:
    speller = Speller(Key(7, False))
    assert [speller.note(p) for p in (66, 65, 65, 66)] == ["F", "=F", "F", "^F"]
    speller.bar()
    assert speller.note(65) == "=F"


def test_notes_are_tied_over_bar_lines() -> None:
    long = tidy(Score(1, (Track(0, (Note(2, 60, 7),)),), 0, (Meter(0, 3, 4),)))
    assert "z2C- | C3- | C3 |" in abc_text(long)


def test_an_empty_score_is_a_rest() -> None:
    [tune] = read_abc(abc_text(Score(4, (), 16)))
    assert tune.score.count() == 0 and tune.score.beats == 4
    assert replace(tune.score, length=0) == Score(1, (), 0)


def test_lengths() -> None:
    assert length(Fraction(5), 4) == "5/4"
