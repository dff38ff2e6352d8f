"""A piece of music as values: notes in ticks, instruments, bars, tempo.

A `Score` is in normal form after `tidy`, and two files that say the same music have equal
scores then. Knows no file format.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple, TypeVar

from elman._errors import DataError

__all__ = [
    "DRUMS",
    "MOST_BEATS",
    "PITCHES",
    "Meter",
    "Note",
    "Score",
    "Tempo",
    "Track",
    "bar_lines",
    "beats_of",
    "cut",
    "moved",
    "tidy",
]

PITCHES = 128
"""MIDI pitches: 60 is middle C, 21 to 108 are the keys of a piano."""
DRUMS = 128
"""The instrument of percussion, beside the 128 programs of General MIDI (from 0)."""
MOST_BEATS = 20_000
"""Beats of a piece at most, about three hours: what is longer is a damaged file."""
DEFAULT_TEMPO = 500_000

V = TypeVar("V", "Meter", "Tempo")


class Note(NamedTuple):
    """One note.

    Attributes:
        start: Ticks from the beginning.
        pitch: MIDI pitch, 0 to 127.
        duration: Ticks, at least 1.
        velocity: How hard it is struck, 1 to 127.
    """

    start: int
    pitch: int
    duration: int
    velocity: int = 80

    @property
    def end(self) -> int:
        """The tick at which it is released."""
        return self.start + self.duration


class Meter(NamedTuple):
    """A time signature and the tick it begins at; bars are counted from there."""

    start: int
    beats: int
    unit: int
    """The note that counts: 4 is a quarter."""

    def bar(self, ticks_per_beat: int) -> Fraction:
        """Return the ticks of a bar."""
        return Fraction(4 * ticks_per_beat * self.beats, self.unit)


class Tempo(NamedTuple):
    """A tempo in microseconds per quarter, and the tick it begins at."""

    start: int
    microseconds: int

    @property
    def bpm(self) -> float:
        """Quarters per minute."""
        return 60e6 / self.microseconds


@dataclass(frozen=True)
class Track:
    """The notes of one instrument: a program of General MIDI, 0 to 127, or `DRUMS`."""

    program: int
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Score:
    """A piece of music.

    Args:
        ticks_per_beat: Ticks of a quarter.
        tracks: Instruments; in normal form one each, by program.
        length: Ticks from beginning to end, silence at the end included.
        meters: Time signatures; before the first, and without any, it is 4/4.
        tempos: Tempos; before the first it is 120 quarters a minute.

    Example:
        >>> score = Score(4, (Track(0, (Note(0, 60, 4), Note(4, 64, 4))),), length=8)
        >>> score.beats, [note.pitch for note in score.notes()]
        (2.0, [60, 64])
    """

    ticks_per_beat: int
    tracks: tuple[Track, ...]
    length: int
    meters: tuple[Meter, ...] = ()
    tempos: tuple[Tempo, ...] = ()

    @property
    def beats(self) -> float:
        """Quarters from beginning to end."""
        return self.length / self.ticks_per_beat

    def notes(self) -> Iterator[Note]:
        """Yield the notes of all instruments by start and pitch, percussion left out."""
        yield from sorted(n for t in self.tracks if t.program != DRUMS for n in t.notes)

    def count(self) -> int:
        """Return how many notes there are."""
        return sum(len(track.notes) for track in self.tracks)


def tidy(score: Score) -> Score:
    """Return the normal form: one track an instrument, notes in order, none over another.

    Of notes that begin together on one pitch the longest stays; one that is struck again ends
    there. Tempos and meters that say nothing new are dropped.

    Raises:
        DataError: If a number is beyond its range, or the piece is longer than `MOST_BEATS`.

    Example:
        >>> twice = Score(4, (Track(0, (Note(0, 60, 9), Note(4, 60, 2))),), length=0)
        >>> [tuple(note) for note in tidy(twice).tracks[0].notes], tidy(twice).length
        ([(0, 60, 4, 80), (4, 60, 2, 80)], 6)
    """
    if not 1 <= score.ticks_per_beat <= 0x7FFF:
        raise DataError(f"expected 1 to 32767 ticks a beat, got {score.ticks_per_beat}")
    instruments: dict[int, list[Note]] = {}
    for track in score.tracks:
        if not 0 <= track.program <= DRUMS:
            raise DataError(f"expected a program from 0 to 127, got {track.program}")
        instruments.setdefault(track.program, []).extend(track.notes)
    tracks = tuple(
        Track(program, notes)
        for program in sorted(instruments)
        if (notes := tidy_notes(instruments[program]))
    )
    length = max([score.length, *(note.end for track in tracks for note in track.notes)])
    if length > MOST_BEATS * score.ticks_per_beat:
        raise DataError(
            f"it lasts {length / score.ticks_per_beat:,.0f} beats, more than {MOST_BEATS:,}: "
            "the file is damaged, or not one piece"
        )
    return Score(
        score.ticks_per_beat,
        tracks,
        length,
        news([m for m in score.meters if m.start < max(1, length)], Meter(0, 4, 4)),
        news([t for t in score.tempos if t.start < max(1, length)], Tempo(0, DEFAULT_TEMPO)),
    )


def tidy_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes in order, each pitch sounding once at a time."""
    pitches: dict[int, list[Note]] = {}
    # of those that begin together the longest comes last, and stays
    for note in sorted(notes, key=lambda n: (n.start, n.pitch, n.duration, n.velocity)):
        if not (0 <= note.pitch < PITCHES and note.start >= 0):
            raise DataError(f"a note has pitch {note.pitch} at tick {note.start}")
        if note.duration < 1:
            continue
        line = pitches.setdefault(note.pitch, [])
        if line and line[-1].start == note.start:
            line.pop()
        elif line and line[-1].end > note.start:
            line[-1] = line[-1]._replace(duration=note.start - line[-1].start)
        line.append(note._replace(velocity=min(127, max(1, note.velocity))))
    return tuple(sorted(note for line in pitches.values() for note in line))


def news(values: Sequence[V], default: V) -> tuple[V, ...]:
    """Return changes in order, the last of each tick, without those that change nothing."""
    kept: list[V] = []
    for value in sorted({value.start: value for value in values}.values()):
        if value[1:] != (kept[-1] if kept else default)[1:]:
            kept.append(value)
    return tuple(kept)


def bar_lines(score: Score) -> list[tuple[Fraction, Meter]]:
    """Return the start of each bar in ticks, and its meter; a bar that a meter cuts short ends.

    Example:
        >>> waltz = Score(1, (), 7, (Meter(0, 3, 4),))
        >>> [int(start) for start, _ in bar_lines(waltz)]
        [0, 3, 6]
    """
    meters = list(score.meters)
    if not meters or meters[0].start > 0:
        meters.insert(0, Meter(0, 4, 4))
    lines: list[tuple[Fraction, Meter]] = []
    ends = [*(meter.start for meter in meters[1:]), max(1, score.length)]
    for meter, end in zip(meters, ends, strict=True):
        bar, start = meter.bar(score.ticks_per_beat), Fraction(meter.start)
        while start < end:
            lines.append((start, meter))
            start += bar
    return lines


def beats_of(score: Score, tick: int | Fraction) -> Fraction:
    """Return where a tick is, in quarters."""
    return Fraction(tick) / score.ticks_per_beat


def moved(score: Score, semitones: int) -> Score:
    """Return the piece higher or lower, percussion as it is; what leaves the range is folded back.

    Example:
        >>> one = Score(1, (Track(0, (Note(0, 60, 1),)), Track(DRUMS, (Note(0, 36, 1),))), 1)
        >>> [track.notes[0].pitch for track in moved(one, 2).tracks]
        [62, 36]
    """
    if not semitones:
        return score

    def shifted(note: Note) -> Note:
        pitch = note.pitch + semitones
        return note._replace(pitch=pitch + 12 * ((pitch < 0) - (pitch >= PITCHES)))

    tracks = tuple(
        t if t.program == DRUMS else Track(t.program, tuple(map(shifted, t.notes)))
        for t in score.tracks
    )
    return tidy(replace(score, tracks=tracks))


def cut(score: Score, bars: int) -> Score:
    """Return the first bars of a piece; what sounds across the last bar line ends there.

    Example:
        >>> long = Score(1, (Track(0, (Note(0, 60, 6), Note(5, 62, 1))),), 8)
        >>> [tuple(note) for note in cut(long, 1).tracks[0].notes]
        [(0, 60, 4, 80)]
    """
    starts = [start for start, _ in bar_lines(score)]
    if bars >= len(starts):
        return score
    end = int(starts[bars])

    def within(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        before = notes[: bisect.bisect_left(notes, (end,))]
        return tuple(n._replace(duration=min(n.duration, end - n.start)) for n in before)

    tracks = tuple(Track(t.program, within(t.notes)) for t in score.tracks)
    return tidy(replace(score, tracks=tracks, length=end))
