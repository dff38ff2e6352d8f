"""The normal form of a score, its bars, and what moves and cuts it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.music.score import (
    DRUMS,
    Meter,
    Note,
    Score,
    Tempo,
    Track,
    bar_lines,
    cut,
    moved,
    tidy,
)
from tests.data.music.tunes import scores


@given(scores())
def test_tidy_is_a_normal_form(score: Score) -> None:
    assert tidy(score) == score
    assert [track.program for track in score.tracks] == sorted({t.program for t in score.tracks})
    for track in score.tracks:
        assert list(track.notes) == sorted(track.notes)
        lines: dict[int, list[Note]] = {}
        for note in track.notes:
            lines.setdefault(note.pitch, []).append(note)
        for line in lines.values():
            assert all(a.end <= b.start for a, b in itertools.pairwise(line))


def test_what_begins_together_on_one_pitch_is_the_longest() -> None:
    score = tidy(Score(4, (Track(0, (Note(0, 60, 2), Note(0, 60, 7))), Track(0, ())), 0))
    assert score.tracks == (Track(0, (Note(0, 60, 7),)),)


def test_changes_that_change_nothing_are_dropped() -> None:
    meters = (Meter(0, 4, 4), Meter(4, 3, 4), Meter(7, 3, 4))
    tempos = (Tempo(0, 500_000), Tempo(2, 400_000), Tempo(2, 600_000))
    score = tidy(Score(1, (), 12, meters, tempos))
    assert score.meters == (Meter(4, 3, 4),)
    assert score.tempos == (Tempo(2, 600_000),)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (Score(0, (), 0), "ticks a beat"),
        (Score(1, (Track(0, (Note(0, 128, 1),)),), 0), "pitch 128"),
        (Score(1, (Track(0, (Note(-1, 60, 1),)),), 0), "tick -1"),
        (Score(1, (Track(129, ()),), 0), "program from 0"),
        (Score(1, (Track(0, (Note(0, 60, 10**9),)),), 0), "more than 20,000"),
    ],
)
def test_what_cannot_be_is_refused(score: Score, message: str) -> None:
    with pytest.raises(DataError, match=message):
        tidy(score)


@given(scores())
def test_bars_follow_each_other(score: Score) -> None:
    lines = bar_lines(score)
    assert lines[0][0] == 0
    for (start, meter), (end, _) in itertools.pairwise(lines):
        assert 0 < end - start <= meter.bar(score.ticks_per_beat)
    start, meter = lines[-1]
    assert start < max(1, score.length) <= start + meter.bar(score.ticks_per_beat)


@given(scores(), st.integers(-11, 11))
def test_moving_there_and_back(score: Score, semitones: int) -> None:
    pitches = [n.pitch for t in score.tracks if t.program != DRUMS for n in t.notes]
    there = moved(score, semitones)
    assert [t for t in there.tracks if t.program == DRUMS] == [
        t for t in score.tracks if t.program == DRUMS
    ]
    if all(0 <= pitch + semitones < 128 for pitch in pitches):
        assert moved(there, -semitones) == score


@given(scores(), st.integers(1, 5))
def test_cutting_leaves_whole_bars(score: Score, bars: int) -> None:
    first = cut(score, bars)
    assert len(bar_lines(first)) == min(bars, len(bar_lines(score)))
    assert cut(first, bars) == first
    assert all(note.end <= first.length for track in first.tracks for note in track.notes)
