"""Music is told in events and played back as it was, to the grid."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import ConfigError, DataError
from elman.data.music.config import MusicConfig
from elman.data.music.events import (
    Event,
    EventVocabulary,
)
from elman.data.music.key import Key
from elman.data.music.score import DRUMS, Meter, Note, Score, Tempo, Track, bar_lines, moved, tidy
from tests.data.music.tunes import TICKS, scale, scores

FINE = MusicConfig(velocities=64, tempos=64, transpose=0, steps_per_beat=TICKS)


def on_grid(score: Score) -> Score:
    """A score in the ticks of what is decoded, with what events keep: whole bars."""
    by = 480 // TICKS
    last, meter = bar_lines(score)[-1]
    tracks = tuple(
        Track(
            t.program,
            tuple(n._replace(start=n.start * by, duration=n.duration * by) for n in t.notes),
        )
        for t in score.tracks
    )
    return tidy(
        Score(
            480,
            tracks,
            int(last + meter.bar(TICKS)) * by,
            tuple(m._replace(start=m.start * by) for m in score.meters),
        )
    )


@given(scores())
def test_encode_and_decode_round_trip(score: Score) -> None:
    if not score.count():
        return
    short = tuple(
        Track(t.program, tuple(n._replace(duration=min(n.duration, 8 * TICKS)) for n in t.notes))
        for t in score.tracks
    )
    score = tidy(Score(TICKS, short, score.length, score.meters))
    vocabulary = EventVocabulary.learn([score], FINE)
    ids = vocabulary.encode(score, Key(0, False))
    found = vocabulary.decode(ids)
    loud = {n.velocity for t in score.tracks for n in t.notes}
    if len(loud) <= FINE.velocities:
        assert found == on_grid(score)
    assert vocabulary.quantised(found) == found  # what has been told once is told so again
    np.testing.assert_array_equal(vocabulary.encode(found, Key(0, False)), ids)


@given(st.lists(st.integers(0, 10**6), max_size=80))
def test_any_events_are_a_score(numbers: list[int]) -> None:
    drums = Track(DRUMS, (Note(0, 36, 5),))
    vocabulary = EventVocabulary.learn([scale(), tidy(Score(TICKS, (drums,), 1))], MusicConfig())
    score = vocabulary.decode(number % len(vocabulary) for number in numbers)
    assert tidy(score) == score


def test_what_is_told() -> None:
    vocabulary = EventVocabulary.learn([scale()], MusicConfig(transpose=0))
    events = vocabulary.events(vocabulary.encode(scale(), Key(0, False)))
    assert events[:8] == [
        Event("start"),
        Event("key", 0),
        Event("bar", 0),
        Event("pitch", 48),
        Event("duration", 48),
        Event("pitch", 60),
        Event("duration", 12),
        Event("shift", 12),
    ]
    assert Counter(event.kind for event in events)["bar"] == 2 and events[-1].kind == "end"


def test_meters_tempos_programs_and_loudness_are_told_when_they_change() -> None:
    notes = tuple(Note(k * 12, 60, 12, 40 if k < 6 else 90) for k in range(9))
    score = tidy(
        Score(
            12,
            (Track(0, notes), Track(40, (Note(0, 72, 36, 40),))),
            0,
            (Meter(0, 3, 4), Meter(36, 4, 4)),
            (Tempo(36, 300_000),),
        )
    )
    vocabulary = EventVocabulary.learn([score, scale()], MusicConfig(transpose=0))
    events = vocabulary.events(vocabulary.encode(score))
    told = [event for event in events if event.kind in ("meter", "tempo", "program", "velocity")]
    assert [e for e in told if e.kind == "meter"] == [
        Event("meter", (3, 4)),
        Event("meter", (4, 4)),
    ]
    assert [e.value for e in told if e.kind == "tempo"] == [200]
    assert [e.value for e in told if e.kind == "velocity"] == [40, 90]
    assert [e.value for e in told if e.kind == "program"] == [40, 0]


@given(st.integers(-6, 5))
def test_moved_events_are_those_of_the_moved_piece(semitones: int) -> None:
    drums = Track(DRUMS, (Note(0, 40, 5),))
    score = tidy(Score(TICKS, (*scale().tracks, drums), 8 * TICKS))
    vocabulary = EventVocabulary.learn([score], MusicConfig())
    ids = vocabulary.moved(vocabulary.encode(score, Key(0, False)), semitones)
    wanted = vocabulary.encode(moved(score, semitones), Key(semitones % 12, False))
    np.testing.assert_array_equal(ids, wanted)


def test_what_is_not_known_becomes_the_nearest() -> None:
    vocabulary = EventVocabulary.learn([scale()], MusicConfig(transpose=0))
    strange = tidy(
        Score(
            7,
            (Track(2, (Note(0, 90, 90, 3), Note(3, 5, 1, 3))), Track(DRUMS, (Note(0, 36, 1),))),
            0,
            (Meter(0, 7, 8),),
            (Tempo(0, 240_000),),
        )
    )
    found = vocabulary.quantised(strange)
    assert [track.program for track in found.tracks] == [0]
    assert all(48 <= note.pitch <= 72 and note.velocity == 80 for note in found.notes())
    assert found.meters == () and found.tempos == ()


def test_styles() -> None:
    vocabulary = EventVocabulary.learn([scale()], MusicConfig(), ["waltz", "march", "march"])
    assert vocabulary.styles == ("march", "waltz")
    ids = vocabulary.header(Key(2, True), "waltz")
    assert vocabulary.events(ids)[1:] == [Event("key", 14), Event("style", "waltz")]
    with pytest.raises(ConfigError, match="style: expected one of march, waltz, got 'polka'"):
        vocabulary.header(None, "polka")
    assert EventVocabulary.learn([scale()], MusicConfig(), ["one"]).styles == ()


def test_without_notes_there_is_nothing_to_learn() -> None:
    with pytest.raises(DataError, match="no notes"):
        EventVocabulary.learn([], MusicConfig())


@given(scores())
def test_json_round_trip(score: Score) -> None:
    if score.count():
        vocabulary = EventVocabulary.learn([score], MusicConfig(), ["a", "b"])
        assert EventVocabulary.from_dict(json.loads(vocabulary.to_json())) == vocabulary


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("pitches", [60, 128]),
        ("pitches", [60]),
        ("programs", []),
        ("programs", [0, 0]),
        ("programs", [129]),
        ("meters", [[4, 3]]),
        ("meters", []),
        ("velocities", [0]),
        ("durations", [10**9]),
        ("steps_per_beat", 0),
        ("shifts", 10**9),
        ("tempos", ["fast"]),
        ("styles", None),
        ("drums", [200]),
    ],
)
def test_a_file_that_is_not_sound_is_refused(key: str, value: Any) -> None:
    told = json.loads(EventVocabulary.learn([scale()], MusicConfig()).to_json())
    with pytest.raises((ValueError, TypeError)):
        EventVocabulary.from_dict({**told, key: value})
    with pytest.raises((ValueError, KeyError)):
        EventVocabulary.from_dict({k: v for k, v in told.items() if k != key})
