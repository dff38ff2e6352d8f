"""Events are played where they stand."""

from __future__ import annotations

import pytest

from elman.data.music.player import Event, Player, steps_of
from elman.data.music.score import DRUMS, Meter, Note, Tempo, Track


def played(*events: tuple[str, object] | str, steps: int = 12) -> Player:
    player = Player(steps, (4, 4), 0, 80, 120)
    for event in events:
        player.play(Event(event) if isinstance(event, str) else Event(*event))
    return player


def test_it_knows_where_it_is() -> None:
    player = played("bar", ("shift", 12), ("pitch", 60), ("duration", 24))
    assert (player.bars, player.place, player.bar_steps) == (1, 12, 48)
    assert player.struck == {(0, 60)} and player.sounded
    assert player.score().beats == 4


def test_bars_begin_at_bar_lines_whatever_was_left() -> None:
    note = (("pitch", 60), ("duration", 3))
    score = played("bar", ("shift", 5), *note, "bar", *note).score()
    assert score.tracks[0].notes == (Note(200, 60, 120), Note(1920, 60, 120))


def test_meters_tempos_programs_and_loudness_hold() -> None:
    note = (("pitch", 60), ("duration", 12))
    score = played(
        *("bar", ("meter", (3, 4)), ("tempo", 90), ("velocity", 40), *note),
        *("bar", ("program", 19), *note, ("program", DRUMS), ("drum", 36), ("duration", 1)),
    ).score()
    assert score.meters == (Meter(0, 3, 4),) and score.tempos == (Tempo(0, 666_667),)
    assert [track.program for track in score.tracks] == [0, 19, DRUMS]
    assert score.tracks[1] == Track(19, (Note(1440, 60, 480, 40),))


def test_what_makes_no_sense_is_passed_over() -> None:
    score = played("bar", ("duration", 3), ("pitch", 60), "bar", ("duration", 3), "end").score()
    assert score.count() == 0 and score.beats == 8


def test_nothing_sounds_after_the_last_bar() -> None:
    score = played("bar", ("shift", 47), ("pitch", 60), ("duration", 96)).score()
    assert score.tracks[0].notes == (Note(1880, 60, 40),) and score.length == 1920


@pytest.mark.parametrize(("meter", "steps"), [((4, 4), 48), ((6, 8), 36), ((1, 64), 1)])
def test_steps_of_a_bar(meter: tuple[int, int], steps: int) -> None:
    assert steps_of(meter, 12) == steps


def test_steps_that_do_not_divide_a_quarter_are_ticks() -> None:
    assert played("bar", ("pitch", 60), ("duration", 7), steps=7).score().ticks_per_beat == 7
