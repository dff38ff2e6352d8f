"""ABC notation: the tunes of a file as scores.

Read are notes with accidentals, octaves and lengths, rests, chords, ties, tuplets, broken
rhythm, bars, repeats with endings, voices, and the fields X, T, M, L, K, Q, V and
``%%MIDI program``, also inside a line. Words, ornaments, grace notes, slurs, and chord names
are passed over. `abc_writer.py` writes it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from elman._errors import DataError
from elman.data.music.abc_key import signature
from elman.data.music.abc_voice import Voice
from elman.data.music.score import DRUMS, PITCHES, Meter, Note, Score, Tempo, Track, tidy

__all__ = ["Tune", "read_abc"]

TUPLETS = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
"""In the time of how many so many notes are played; others: 2, or 3 in compound time."""
TOKEN = re.compile(
    r'(?P<skip>"[^"]*"|![^!]*!|\+[a-z]+\+|\{[^}]*\}|[ \t\r.~`$*\\)]|[HIJL-WYh-wy])'
    r"|\[(?P<field>[A-Za-z]):(?P<value>[^\]\n]*)\]"
    r"|(?P<bar>:*\|+[\]:]*|\[\|\]?|::+)(?P<ending>\[?[1-9][0-9,-]*)?"
    r"|\[(?P<volta>[1-9][0-9,-]*)"
    r"|\((?P<tuplet>[2-9])(?::(?P<time>[0-9]*))?(?::(?P<over>[0-9]*))?"
    r"|(?P<slur>\()"
    r"|(?P<note>(?P<sign>\^\^|\^|__|_|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*))(?P<length>[0-9/]*)"
    r"(?P<tie>-?)"
    r"|(?P<rest>[zx])(?P<gap>[0-9/]*)"
    r"|(?P<wholes>[ZX])(?P<bars>[0-9]*)"
    r"|(?P<open>\[)"
    r"|(?P<broken>>+|<+)"
    r"|(?P<stray>-)"
)
CHORD_END = re.compile(r"\](?P<length>[0-9/]*)(?P<tie>-?)")


@dataclass(frozen=True)
class Tune:
    """A tune of a file: its title, or its number, and its music."""

    title: str
    score: Score


def read_abc(text: str, name: str = "the file") -> list[Tune]:
    """Return the tunes of an ABC file.

    Args:
        text: The file.
        name: What errors call it.

    Raises:
        DataError: If something in it is no ABC, with the line.

    Example:
        >>> [tune] = read_abc("X:1\\nT:Scale\\nL:1/4\\nK:D\\nD E F G|[A2d2] z2|")
        >>> tune.title, [note.pitch for note in tune.score.notes()]
        ('Scale', [62, 64, 66, 67, 69, 74])
    """
    tunes, lines = [], text.splitlines()
    starts = [k for k, line in enumerate(lines) if re.match(r"X\s*:", line)] or [0]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        reader = TuneReader()
        number = start
        try:
            for number in range(start, end):
                reader.read_line(lines[number])
            if reader.begun:
                tunes.append(reader.tune())
        except DataError as error:
            raise DataError(f"{name}: line {number + 1}: {error}") from None
    if not tunes:
        raise DataError(f"{name}: expected ABC tunes, each with a field K:, got none")
    return tunes


class TuneReader:
    """Reads one tune line by line; what is wrong is told without the place."""

    def __init__(self) -> None:
        self._title = ""
        self._meter, self._meters = Meter(0, 4, 4), list[tuple[Fraction, Meter]]()
        self._unit: Fraction | None = None
        self._program, self._tempos = 0, list[tuple[Fraction, float]]()
        self._signature: dict[str, int] = {}
        self._voices: dict[str, Voice] = {}
        self._voice_programs: dict[str, int] = {}
        self._current = ""
        self.begun = False
        """Whether the header is over."""

    def read_line(self, line: str) -> None:
        """Read a line: a field, a directive, or music."""
        directive = re.match(r"%%MIDI\s+(program|channel)\s+(?:\d+\s+)?(\d+)\s*$", line)
        if directive:
            self._set_program(directive[1], int(directive[2]))
            return
        line = re.sub(r"(?<!\\)%.*", "", line).rstrip()
        found = re.match(r"([A-Za-z+])\s*:(?!\|)\s*(.*)$", line)
        if found and not (self.begun and re.match(r"[a-g]\s*:\s*[|:]", line)):
            self._field(found[1], found[2].strip())
        elif self.begun and line:
            self._music(line)

    def tune(self) -> Tune:
        """Return what was read, in ticks that hold every length exactly; bars begin whole."""
        pickup = self._pickup()
        notes = {
            name: [n for n in voice.notes if n.length > 0] for name, voice in self._voices.items()
        }
        times = [x for line in notes.values() for n in line for x in (n.start, n.length)]
        times += [start for start, _ in (*self._meters, *self._tempos)]
        times += [pickup, *(voice.now for voice in self._voices.values())]
        ticks = math.lcm(1, *(time.denominator for time in times))
        if ticks > 0x7FFF:
            raise DataError("its lengths have no common measure of at least 1/32767 of a beat")
        tracks = []
        for name, voice in self._voices.items():
            line = (
                Note(int((n.start + pickup) * ticks), n.pitch, int(n.length * ticks))
                for n in notes[name]
            )
            tracks.append(Track(voice.program, tuple(line)))

        def at(start: Fraction) -> int:
            return int((start + pickup) * ticks) if start else 0

        score = Score(
            ticks,
            tuple(tracks),
            at(max([Fraction(0), *(voice.now for voice in self._voices.values())])),
            tuple(meter._replace(start=at(start)) for start, meter in self._meters),
            tuple(Tempo(at(start), round(60e6 / bpm)) for start, bpm in self._tempos),
        )
        return Tune(self._title, tidy(score))

    def _pickup(self) -> Fraction:
        """Return what is missing before an upbeat, so that bar lines stand in place."""
        first = next(iter(self._voices.values()), None)
        if first is None or not first.upbeat or first.now == first.upbeat:
            return Fraction(0)
        meter = self._meters[0][1] if self._meters and not self._meters[0][0] else Meter(0, 4, 4)
        return max(Fraction(0), meter.bar(1) - first.upbeat)

    def _field(self, name: str, value: str) -> None:
        """Read a field, of the header or between lines."""
        if name == "T" and not self._title:
            self._title = value
        elif name == "X":
            self._title = ""
        elif name == "M":
            self._set_meter(value)
        elif name == "L":
            unit = 4 * self._fraction(value, "L")
            if self._voices:
                self._voice.unit = unit
            else:
                self._unit = unit
        elif name == "Q":
            self._set_tempo(value)
        elif name == "K":
            self._signature = self._key(value)
            if self._voices:
                self._voice.signature, self._voice.signs = self._signature, {}
            self.begun = True
        elif name == "V":
            self._current = value.split()[0] if value.split() else ""

    @property
    def _voice(self) -> Voice:
        if self._current not in self._voices:
            unit = self._unit
            if unit is None:  # as the standard has it: short notes in short bars
                short = Fraction(self._meter.beats, self._meter.unit) < Fraction(3, 4)
                unit = Fraction(1, 4) if short else Fraction(1, 2)
            program = self._voice_programs.get(self._current, self._program)
            self._voices[self._current] = Voice(program, unit, self._signature)
        return self._voices[self._current]

    def _set_program(self, kind: str, number: int) -> None:
        if not 0 <= number <= 127:
            raise DataError(f"expected a {kind} from 0 to 127, got {number}")
        if kind == "channel" and number != 10:
            return
        program = DRUMS if kind == "channel" else number
        if self._current:
            self._voice_programs[self._current] = program
        else:
            self._program = program
        if self._current in self._voices:
            self._voices[self._current].program = program

    def _set_meter(self, value: str) -> None:
        value = {"C": "4/4", "C|": "2/2"}.get(value, value)
        if value in ("", "none"):
            return
        match = re.fullmatch(r"\(?([0-9]+(?:\s*\+\s*[0-9]+)*)\)?\s*/\s*([0-9]+)", value)
        beats = sum(map(int, match[1].split("+"))) if match else 0
        unit = int(match[2]) if match else 0
        if not (1 <= beats <= 64 and unit in (1, 2, 4, 8, 16, 32, 64)):
            raise DataError(f"M: expected a meter such as 6/8 or C, got {value!r}")
        now = self._voice.now if self._voices else Fraction(0)
        self._meter = Meter(0, beats, unit)
        self._meters.append((now, self._meter))

    def _set_tempo(self, value: str) -> None:
        value = re.sub(r'"[^"]*"', "", value).strip()
        match = re.fullmatch(r"(?:([0-9]+/[0-9]+)[0-9/ ]*=\s*)?([0-9.]+)", value)
        try:
            speed = float(match[2]) if match else 0.0
        except ValueError:
            speed = 0.0
        if not match or not speed:
            return  # a word such as Allegro, or "as before"
        beat = 4 * self._fraction(match[1], "Q") if match[1] else Fraction(1)
        if 4 <= speed * beat <= 2000:
            now = self._voice.now if self._voices else Fraction(0)
            self._tempos.append((now, float(speed * beat)))

    def _fraction(self, value: str, name: str) -> Fraction:
        match = re.fullmatch(r"([0-9]{1,4})\s*(?:/\s*([0-9]{1,4}))?", value)
        if not match or not int(match[1]) or (match[2] and not int(match[2])):
            raise DataError(f"{name}: expected a length such as 1/8, got {value!r}")
        return Fraction(int(match[1]), int(match[2] or 1))

    def _key(self, value: str) -> dict[str, int]:
        """Return the signature that a field K: means."""
        found = signature(value)
        if found is None:
            raise DataError(f"K: expected a key such as G, Em, Ddor or none, got {value!r}")
        return found

    def _music(self, line: str) -> None:
        """Read a line of notes."""
        place = 0
        while place < len(line):
            match = TOKEN.match(line, place)
            if match is None:
                raise DataError(f"expected a note, rest or bar, got {line[place : place + 12]!r}")
            place = match.end()
            if match["field"]:
                self._field(match["field"], match["value"].strip())
            elif match["bar"]:
                self._voice.end_bar(match["bar"], (match["ending"] or "").lstrip("["))
            elif match["volta"]:
                self._voice.begin_ending(match["volta"])
            elif match["tuplet"]:
                self._tuplet(match)
            elif match["note"]:
                pitch = self._pitch(match)
                self._voice.play([pitch], self._length(match["length"]), bool(match["tie"]))
            elif match["rest"]:
                self._voice.play([], self._length(match["gap"]), False)
            elif match["wholes"]:
                bars = int(match["bars"] or 1)
                bar = 4 * Fraction(self._meter.beats, self._meter.unit)
                self._voice.play([], bars * bar / self._voice.unit, False)
            elif match["open"]:
                place = self._chord(line, place)
            elif match["broken"]:
                self._voice.give(match["broken"])

    def _chord(self, line: str, place: int) -> int:
        """Read the notes up to the closing bracket; return where the line goes on."""
        pitches: list[int] = []
        inner, tie = Fraction(1), False
        while True:
            end = CHORD_END.match(line, place)
            if end is not None:
                break
            match = TOKEN.match(line, place)
            if match is None or not (match["note"] or match["skip"] or match["stray"]):
                raise DataError(f"expected notes up to ], got {line[place : place + 12]!r}")
            if match["note"]:
                length = self._length(match["length"])
                inner = length if not pitches else inner  # the first note's length is the chord's
                tie = tie or bool(match["tie"])
                pitches.append(self._pitch(match))
            place = match.end()
        length = self._length(end["length"])
        self._voice.play(pitches, inner * length, tie or bool(end["tie"]))
        return end.end()

    def _length(self, text: str) -> Fraction:
        """Return the factor that stands behind a note: 3, 3/2, /, //."""
        match = re.fullmatch(r"([0-9]{0,4})(/*)([0-9]{0,4})", text)
        if not match or (match[3] and not match[2]):
            raise DataError(f"expected a length such as 3/2, got {text!r}")
        divisor = int(match[3] or 2) * 2 ** (len(match[2]) - 1) if match[2] else 1
        if not divisor or (match[1] and not int(match[1])):
            raise DataError(f"expected a length above 0, got {text!r}")
        return Fraction(int(match[1] or 1), divisor)

    def _pitch(self, match: re.Match[str]) -> int:
        """Return the pitch of a note."""
        octave = match["letter"].islower() + match["octave"].count("'") - match["octave"].count(",")
        pitch = self._voice.pitch(match["letter"].upper(), octave, match["sign"])
        if not 0 <= pitch < PITCHES:
            raise DataError(f"{match['note']} is beyond the pitches 0 to 127 of MIDI")
        return pitch

    def _tuplet(self, match: re.Match[str]) -> None:
        notes = int(match["tuplet"])
        compound = self._meter.unit == 8 and self._meter.beats in (6, 9, 12)
        time = int(match["time"] or TUPLETS.get(notes, 3 if compound else 2))
        if not time:
            raise DataError("a tuplet in the time of 0 notes")
        self._voice.tuplet = (int(match["over"] or notes), Fraction(time, notes))
