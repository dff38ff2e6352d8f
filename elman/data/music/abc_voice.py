"""One voice of a tune in ABC: it plays notes one after another, and again where it repeats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from elman._errors import DataError
from elman.data.music.score import MOST_BEATS

__all__ = ["LETTERS", "Voice"]

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
"""Semitones above C."""
SIGNS = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
MOST_NOTES = 200_000
"""Notes of a voice, its repeats played: more is a mistake."""
SHORTEST = 6
"""A note is broken into halves of halves so often at most."""


@dataclass
class Sounding:
    """A note that may still be tied: pitch, beginning and length in quarters."""

    pitch: int
    start: Fraction
    length: Fraction
    tied: bool = False


@dataclass
class Voice:
    """What one voice has played so far, in quarters."""

    program: int
    unit: Fraction
    signature: dict[str, int]
    now: Fraction = Fraction(0)
    notes: list[Sounding] = field(default_factory=list)
    last: list[Sounding] = field(default_factory=list)
    """The notes that were played last, which a sign after them may still change."""
    played: Fraction = Fraction(0)
    """How long they were played; with what is tied to them they may sound longer."""
    signs: dict[tuple[str, int], int] = field(default_factory=dict)
    """Accidentals that hold until the bar line."""
    tuplet: tuple[int, Fraction] = (0, Fraction(1))
    """Notes that are still in it, and what their lengths are multiplied by."""
    broken: Fraction = Fraction(1)
    """What the next length is multiplied by."""
    repeated: int = 0
    """The first note since the last repeat sign."""
    since: Fraction = Fraction(0)
    """When that was."""
    upbeat: Fraction | None = None
    """How long it had played at the first bar line."""
    ending: tuple[int, Fraction] | None = None
    """The first note of the first ending, and when it began."""

    def pitch(self, letter: str, octave: int, sign: str | None) -> int:
        """Return a note's pitch; a sign holds until the bar line.

        Args:
            letter: C to B.
            octave: 0 is that of middle C.
            sign: Its accidental, as ABC writes it.
        """
        if sign:
            self.signs[letter, octave] = SIGNS[sign]
        change = self.signs.get((letter, octave), self.signature.get(letter, 0))
        return 60 + LETTERS[letter] + 12 * octave + change

    def play(self, pitches: Iterable[int], factor: Fraction, tie: bool) -> None:
        """Add notes that begin together, or a rest, and go on in time.

        Args:
            pitches: None of them is a rest.
            factor: How many units they last.
            tie: Whether they go on in the next notes of their pitch.
        """
        length = self.unit * factor * self.broken
        self.broken = Fraction(1)
        left, scale = self.tuplet
        if left:
            length *= scale
            self.tuplet = (left - 1, scale)
        before = {note.pitch: note for note in self.last if note.tied}
        self.last, self.played = [], length
        for pitch in dict.fromkeys(pitches):
            note = before.get(pitch)
            if note is not None and note.start + note.length == self.now:
                note.length, note.tied = note.length + length, tie
            else:
                note = Sounding(pitch, self.now, length, tie)
                self.notes.append(note)
            self.last.append(note)
        self.now += length
        self._check()

    def give(self, signs: str) -> None:
        """Give a part of one note's length to its neighbour: > to the first, < to the second.

        Raises:
            DataError: If there is no note before.
        """
        if not self.played:
            raise DataError(f"{signs} has no note before it")
        part = Fraction(1, 2 ** min(len(signs), SHORTEST))
        first, second = (2 - part, part) if signs[0] == ">" else (part, 2 - part)
        added = self.played * (first - 1)
        for note in self.last:
            note.length += added
        self.now += added
        self.broken = second

    def end_bar(self, sign: str, ending: str = "") -> None:
        """End a bar; play again what its sign says to."""
        self.signs, self.tuplet = {}, (0, Fraction(1))
        if self.upbeat is None and self.now:
            self.upbeat = self.now
        if sign.startswith(":"):
            self._again()
        elif sign in ("||", "|]"):
            self.ending = None
        if sign.endswith(":") or sign in ("||", "|]", "[|"):
            self.repeated, self.since = len(self.notes), self.now
        if ending:
            self.begin_ending(ending)

    def begin_ending(self, number: str) -> None:
        """Begin an ending: the first is left out when the notes before it are played again."""
        self.ending = (len(self.notes), self.now) if number.startswith("1") else None

    def _again(self) -> None:
        """Play once more what stands since the last repeat sign, up to the first ending."""
        last, until = self.ending or (len(self.notes), self.now)
        shift = self.now - self.since
        self.notes += [
            Sounding(note.pitch, note.start + shift, min(note.length, until - note.start))
            for note in self.notes[self.repeated : last]
        ]
        self.last, self.played = [], Fraction(0)
        self.now += until - self.since
        self.repeated, self.since, self.ending = len(self.notes), self.now, None
        self._check()

    def _check(self) -> None:
        """Refuse what cannot be meant."""
        if self.now > MOST_BEATS or len(self.notes) > MOST_NOTES:
            raise DataError("the tune is too long to be true: look at its lengths and repeats")
