"""Standard MIDI files: read by mido, written by mido.

`isolated.py` reads many of them faster, by symusic; both give the same scores. Of each file are
kept notes, programs, tempos and time signatures.
"""

from __future__ import annotations

import importlib
import io
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

from elman._errors import DataError
from elman.data.music.score import DRUMS, Meter, Note, Score, Tempo, Track, tidy

__all__ = ["midi_bytes", "read_midi", "sound_meter", "sound_tempo"]

PERCUSSION = 9
"""The channel of percussion, counted from 0."""
UNITS = (1, 2, 4, 8, 16, 32, 64)


def mido() -> Any:
    """Return the package that reads and writes MIDI.

    Raises:
        DataError: If it is not installed.
    """
    try:
        return importlib.import_module("mido")
    except ImportError:
        raise DataError("MIDI files need the package mido: pip install 'elman[music]'") from None


def read_midi(content: bytes, name: str | Path = "the file") -> Score:
    """Return what a MIDI file says.

    A note ends with the first note-off of its pitch and channel in its track; one that never
    ends is left out. An instrument is the program at the note's beginning.

    Args:
        content: The whole file.
        name: What errors call it.

    Raises:
        DataError: If it is damaged or no MIDI file, or mido is not installed.
    """
    library = mido()
    try:
        file = library.MidiFile(file=io.BytesIO(content), clip=True)
        return tidy(score_of(file))
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    # mido parses damaged files in many ways wrongly; each is told as what it is
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError) as e:
        found = str(e) or "it ends too early"
        raise DataError(f"{name}: expected a Standard MIDI file, got a damaged one: {found}") from e


def score_of(file: Any) -> Score:
    """Return the notes, meters and tempos of a file that mido has read."""
    notes: defaultdict[int, list[Note]] = defaultdict(list)
    meters: list[Meter] = []
    tempos: list[Tempo] = []
    for track in file.tracks:
        tick = 0
        programs = [0] * 16
        sounding: defaultdict[tuple[int, int], deque[tuple[int, int, int]]] = defaultdict(deque)
        for message in track:
            tick += message.time
            kind = message.type
            if kind == "note_on" and message.velocity:
                channel = message.channel
                program = DRUMS if channel == PERCUSSION else programs[channel]
                begun = (tick, message.velocity, program)
                sounding[channel, message.note].append(begun)
            elif kind in ("note_on", "note_off"):
                waiting = sounding[message.channel, message.note]
                if waiting:
                    start, velocity, program = waiting.popleft()
                    notes[program].append(Note(start, message.note, tick - start, velocity))
            elif kind == "program_change":
                programs[message.channel] = message.program
            elif kind == "time_signature":
                meters += sound_meter(tick, message.numerator, message.denominator)
            elif kind == "set_tempo":
                tempos += sound_tempo(tick, message.tempo)
    tracks = tuple(Track(program, tuple(line)) for program, line in notes.items())
    return Score(file.ticks_per_beat, tracks, 0, tuple(meters), tuple(tempos))


def sound_meter(tick: int, beats: int, unit: int) -> list[Meter]:
    """Return a time signature as a list; an impossible one is none."""
    return [Meter(tick, beats, unit)] if 1 <= beats <= 64 and unit in UNITS else []


def sound_tempo(tick: int, microseconds: int) -> list[Tempo]:
    """Return a tempo as a list; one outside 4 to 2,000 quarters a minute is none."""
    return [Tempo(tick, microseconds)] if 30_000 <= microseconds <= 15_000_000 else []


def midi_bytes(score: Score) -> bytes:
    """Return a score as a MIDI file: meters and tempos, then a track for each instrument.

    Every note that begins ends; the last event of each track is at the score's end.

    Raises:
        DataError: If there are more than 15 instruments beside percussion, or no mido.
    """
    library = mido()
    channels = [channel for channel in range(16) if channel != PERCUSSION]
    pitched = [track for track in score.tracks if track.program != DRUMS]
    if len(pitched) > len(channels):
        raise DataError(
            f"{len(pitched)} instruments do not fit the {len(channels)} channels of a MIDI file: "
            "keep fewer"
        )
    conductor: list[tuple[int, int, Any]] = [
        *(
            (m.start, 0, meta("time_signature", numerator=m.beats, denominator=m.unit))
            for m in score.meters
        ),
        *((t.start, 1, meta("set_tempo", tempo=t.microseconds)) for t in score.tempos),
    ]
    if not score.tempos or score.tempos[0].start > 0:
        conductor.append((0, 1, meta("set_tempo", tempo=500_000)))
    file = library.MidiFile(type=1, ticks_per_beat=score.ticks_per_beat)
    file.tracks.append(in_order(conductor, score.length))
    for track in score.tracks:
        percussion = track.program == DRUMS
        channel = PERCUSSION if percussion else channels[pitched.index(track)]
        events: list[tuple[int, int, Any]] = []
        if not percussion:
            change = library.Message("program_change", program=track.program, channel=channel)
            events.append((0, 0, change))
        for note in track.notes:
            place = {"note": note.pitch, "channel": channel}
            on = library.Message("note_on", velocity=note.velocity, **place)
            off = library.Message("note_off", velocity=0, **place)
            # at one tick notes end before others begin
            events += [(note.start, 2, on), (note.end, 1, off)]
        file.tracks.append(in_order(events, score.length))
    packed = io.BytesIO()
    file.save(file=packed)
    return packed.getvalue()


def meta(kind: str, **values: int) -> Any:
    """Return a message of the conductor."""
    return mido().MetaMessage(kind, **values)


def in_order(events: list[tuple[int, int, Any]], end: int) -> Any:
    """Return events as a track: times are steps from one to the next."""
    track, before = mido().MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        message.time = tick - before
        before = tick
        track.append(message)
    track.append(mido().MetaMessage("end_of_track", time=max(0, end - before)))
    return track
