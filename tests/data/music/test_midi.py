"""MIDI is written so that it is read back, and read whatever pairs its notes."""

from __future__ import annotations

import importlib
import io
from dataclasses import replace
from typing import Any

import mido
import pytest
from hypothesis import given, settings

from elman._errors import DataError
from elman.data.music import midi
from elman.data.music.midi import midi_bytes, read_midi
from elman.data.music.score import DRUMS, Note, Score, Tempo, Track, tidy
from tests.data.music.tunes import scale, scores


def heard(score: Score) -> Score:
    """What a MIDI file keeps: silence at the end is not told apart from its end."""
    return tidy(replace(score, length=0))


@given(scores())
def test_write_and_read_round_trip(score: Score) -> None:
    assert read_midi(midi_bytes(score)) == heard(score)


@given(scores())
@settings(max_examples=30)
def test_no_note_hangs(score: Score) -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(score)))
    for track in file.tracks:
        sounding: set[tuple[int, int]] = set()
        for message in track:
            if message.type == "note_on" and message.velocity:
                assert (message.channel, message.note) not in sounding
                sounding.add((message.channel, message.note))
            elif message.type in ("note_on", "note_off"):
                sounding.remove((message.channel, message.note))
        assert not sounding


def packed(*events: tuple[int, Any], ticks: int = 96) -> bytes:
    file, track, before = mido.MidiFile(ticks_per_beat=ticks), mido.MidiTrack(), 0
    for tick, message in events:
        track.append(message.copy(time=tick - before))
        before = tick
    file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    return content.getvalue()


def on(pitch: int, velocity: int = 64, channel: int = 0) -> Any:
    return mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)


def off(pitch: int, channel: int = 0) -> Any:
    return mido.Message("note_off", note=pitch, channel=channel)


def test_overlapping_notes_end_first_in_first_out() -> None:
    score = read_midi(packed((0, on(60, 10)), (10, on(60, 20)), (20, off(60)), (40, off(60))))
    assert score.tracks[0].notes == (Note(0, 60, 10, 10), Note(10, 60, 30, 20))


def test_a_note_that_never_ends_is_left_out() -> None:
    score = read_midi(packed((0, on(60)), (5, on(62)), (9, on(60, 0))))
    assert [note.pitch for note in score.notes()] == [60]


def test_the_program_is_that_of_the_beginning() -> None:
    change = mido.Message("program_change", program=7)
    score = read_midi(packed((0, on(60)), (1, change), (2, off(60)), (3, on(61)), (4, off(61))))
    assert [track.program for track in score.tracks] == [0, 7]


def test_the_tenth_channel_is_percussion() -> None:
    score = read_midi(packed((0, on(36, channel=9)), (1, off(36, channel=9))))
    assert score.tracks[0].program == DRUMS and not list(score.notes())


def test_impossible_meters_and_tempos_are_none() -> None:
    odd = mido.MetaMessage("time_signature", numerator=0, denominator=4)
    slow = mido.MetaMessage("set_tempo", tempo=0)
    score = read_midi(packed((0, odd), (0, slow), (0, on(60)), (9, off(60))))
    assert score.meters == () and score.tempos == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a Standard MIDI file"),
        (b"RIFF....", "expected a Standard MIDI file"),
        (midi_bytes(scale())[:60], "expected a Standard MIDI file"),
        (midi_bytes(scale()).replace(b"\x00\x0c", b"\xe7\x28", 1), "ticks a beat"),
    ],
)
def test_what_is_damaged_is_named(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=r"song.mid: .*" + message):
        read_midi(content, "song.mid")


def test_too_many_instruments_are_refused() -> None:
    tracks = tuple(Track(program, (Note(0, 60, 1),)) for program in range(16))
    with pytest.raises(DataError, match="16 instruments do not fit"):
        midi_bytes(tidy(Score(1, tracks, 1)))


def test_without_mido_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(DataError, match=r"pip install 'elman\[music\]'"):
        midi.mido()


def test_tempos_are_kept() -> None:
    score = tidy(Score(4, (Track(0, (Note(0, 60, 9),)),), 9, (), (Tempo(4, 300_000),)))
    assert read_midi(midi_bytes(score)) == score
    assert score.tempos[0].bpm == 200
