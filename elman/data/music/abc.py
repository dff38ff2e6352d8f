"""ABC notation: the tunes of a file as scores.

Read are notes with accidentals, octaves and lengths, rests, chords, ties, tuplets, broken
rhythm, bars, repeats with endings, voices, and the fields X, T, M, L, K, Q, V and
``%%MIDI program``, also inside a line. Words, ornaments, grace notes, slurs, and chord names
are passed over. `abc_writer.py` writes it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from elman._errors import DataError
from elman.data.music.score import DRUMS, MOST_BEATS, Meter, Note, Score, Tempo, Track, tidy

__all__ = ["SHARP_ORDER", "Tune", "read_abc", "signature"]

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARP_ORDER = "FCGDAEB"
MODES = {
    **{"": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "mix": -1, "dor": -2},
    **{"phr": -4, "lyd": 1, "loc": -5},
}
"""Sharps that a mode has more than the major key of its tonic."""
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
MOST_NOTES = 200_000
"""Notes of a tune, its repeats played: more is a mistake."""


@dataclass(frozen=True)
class Tune:
    """A tune of a file: its title, or its number, and its music."""

    title: str
    score: Score


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
    bar: dict[tuple[str, int], int] = field(default_factory=dict)
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
        reader = TuneReader(name)
        for number in range(start, end):
            reader.read_line(lines[number], number + 1)
        if reader.begun:
            tunes.append(reader.tune())
    if not tunes:
        raise DataError(f"{name}: expected ABC tunes, each with a field K:, got none")
    return tunes


class TuneReader:
    """Reads one tune line by line."""

    def __init__(self, name: str) -> None:
        self._name, self._line, self._title = name, 0, ""
        self._meter, self._meters = Meter(0, 4, 4), list[tuple[Fraction, Meter]]()
        self._unit: Fraction | None = None
        self._program, self._tempos = 0, list[tuple[Fraction, float]]()
        self._signature: dict[str, int] = {}
        self._voices: dict[str, Voice] = {}
        self._voice_programs: dict[str, int] = {}
        self._current = ""
        self.begun = False
        """Whether the header is over."""

    def read_line(self, line: str, number: int) -> None:
        """Read a line: a field, a directive, or music."""
        self._line = number
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
            raise self._wrong("its lengths have no common measure of at least 1/32767 of a beat")
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
        try:
            return Tune(self._title, tidy(score))
        except DataError as error:
            raise self._wrong(str(error)) from None

    def _pickup(self) -> Fraction:
        """Return what is missing before an upbeat, so that bar lines stand in place."""
        first = next(iter(self._voices.values()), None)
        if first is None or not first.upbeat or first.now == first.upbeat:
            return Fraction(0)
        meter = self._meters[0][1] if self._meters and not self._meters[0][0] else Meter(0, 4, 4)
        return max(Fraction(0), meter.bar(1) - first.upbeat)

    def _wrong(self, message: str) -> DataError:
        return DataError(f"{self._name}: line {self._line}: {message}")

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
                self._voice.signature, self._voice.bar = self._signature, {}
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
            raise self._wrong(f"expected a {kind} from 0 to 127, got {number}")
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
            raise self._wrong(f"M: expected a meter such as 6/8 or C, got {value!r}")
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
            raise self._wrong(f"{name}: expected a length such as 1/8, got {value!r}")
        return Fraction(int(match[1]), int(match[2] or 1))

    def _key(self, value: str) -> dict[str, int]:
        """Return the signature that a field K: means."""
        found = signature(value)
        if found is None:
            raise self._wrong(f"K: expected a key such as G, Em, Ddor or none, got {value!r}")
        return found

    def _music(self, line: str) -> None:
        """Read a line of notes."""
        place = 0
        while place < len(line):
            match = TOKEN.match(line, place)
            if match is None:
                raise self._wrong(f"expected a note, rest or bar, got {line[place : place + 12]!r}")
            place = match.end()
            if match["field"]:
                self._field(match["field"], match["value"].strip())
            elif match["bar"]:
                self._bar(match["bar"], match["ending"])
            elif match["volta"]:
                self._begin_ending(match["volta"])
            elif match["tuplet"]:
                self._tuplet(match)
            elif match["note"]:
                pitch = self._pitch(match)
                self._play([pitch], self._length(match["length"]), bool(match["tie"]))
            elif match["rest"]:
                self._play([], self._length(match["gap"]), False)
            elif match["wholes"]:
                bars = int(match["bars"] or 1)
                bar = 4 * Fraction(self._meter.beats, self._meter.unit)
                self._play([], bars * bar / self._voice.unit, False)
            elif match["open"]:
                place = self._chord(line, place)
            elif match["broken"]:
                self._break(match["broken"])

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
                raise self._wrong(f"expected notes up to ], got {line[place : place + 12]!r}")
            if match["note"]:
                length = self._length(match["length"])
                inner = length if not pitches else inner  # the first note's length is the chord's
                tie = tie or bool(match["tie"])
                pitches.append(self._pitch(match))
            place = match.end()
        length = self._length(end["length"])
        self._play(pitches, inner * length, tie or bool(end["tie"]))
        return end.end()

    def _length(self, text: str) -> Fraction:
        """Return the factor that stands behind a note: 3, 3/2, /, //."""
        match = re.fullmatch(r"([0-9]{0,4})(/*)([0-9]{0,4})", text)
        if not match or (match[3] and not match[2]):
            raise self._wrong(f"expected a length such as 3/2, got {text!r}")
        divisor = int(match[3] or 2) * 2 ** (len(match[2]) - 1) if match[2] else 1
        if not divisor or (match[1] and not int(match[1])):
            raise self._wrong(f"expected a length above 0, got {text!r}")
        return Fraction(int(match[1] or 1), divisor)

    def _pitch(self, match: re.Match[str]) -> int:
        """Return a note's pitch; its accidental holds until the bar line."""
        voice, letter = self._voice, match["letter"]
        octave = letter.islower() + match["octave"].count("'") - match["octave"].count(",")
        name = letter.upper()
        if match["sign"]:
            signs = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
            voice.bar[name, octave] = signs[match["sign"]]
        change = voice.bar.get((name, octave), voice.signature.get(name, 0))
        pitch = 60 + LETTERS[name] + 12 * octave + change
        if not 0 <= pitch < 128:
            raise self._wrong(f"{match['note']} is beyond the pitches 0 to 127 of MIDI")
        return pitch

    def _play(self, pitches: list[int], factor: Fraction, tie: bool) -> None:
        """Add notes, or a rest, and go on in time."""
        voice = self._voice
        length = voice.unit * factor * voice.broken
        voice.broken = Fraction(1)
        left, scale = voice.tuplet
        if left:
            length *= scale
            voice.tuplet = (left - 1, scale)
        before = {n.pitch: n for n in voice.last if n.tied}
        played = []
        for pitch in dict.fromkeys(pitches):
            held = before.get(pitch)
            if held is not None and held.start + held.length == voice.now:
                held.length += length
                held.tied = tie
                played.append(held)
            else:
                played.append(Sounding(pitch, voice.now, length, tie))
                voice.notes.append(played[-1])
        voice.last, voice.played = played, length
        voice.now += length
        if voice.now > MOST_BEATS or len(voice.notes) > MOST_NOTES:
            raise self._wrong("the tune is too long to be true: look at its lengths and repeats")

    def _break(self, signs: str) -> None:
        """Give a part of one note's length to its neighbour: > to the first, < to the second."""
        voice = self._voice
        if not voice.played:
            raise self._wrong(f"{signs} has no note before it")
        part = Fraction(1, 2 ** min(len(signs), 6))
        first, second = (2 - part, part) if signs[0] == ">" else (part, 2 - part)
        added = voice.played * (first - 1)
        for note in voice.last:
            note.length += added
        voice.now += added
        voice.broken = second

    def _tuplet(self, match: re.Match[str]) -> None:
        notes = int(match["tuplet"])
        compound = self._meter.unit == 8 and self._meter.beats in (6, 9, 12)
        time = int(match["time"] or TUPLETS.get(notes, 3 if compound else 2))
        if not time:
            raise self._wrong("a tuplet in the time of 0 notes")
        self._voice.tuplet = (int(match["over"] or notes), Fraction(time, notes))

    def _bar(self, sign: str, ending: str | None) -> None:
        """End a bar; play again what a sign says to."""
        voice = self._voice
        voice.bar = {}
        voice.tuplet = (0, Fraction(1))
        if voice.upbeat is None and voice.now:
            voice.upbeat = voice.now
        if sign.startswith(":"):
            self._again(voice)
        elif voice.ending is not None and sign in ("||", "|]"):
            voice.ending = None
        if sign.endswith(":") or sign in ("||", "|]", "[|"):
            voice.repeated, voice.since = len(voice.notes), voice.now
        if ending:
            self._begin_ending(ending.lstrip("["))

    def _begin_ending(self, number: str) -> None:
        voice = self._voice
        voice.ending = (len(voice.notes), voice.now) if number.startswith("1") else None

    def _again(self, voice: Voice) -> None:
        """Play once more what stands since the last repeat sign, up to the first ending."""
        last, until = voice.ending or (len(voice.notes), voice.now)
        shift = voice.now - voice.since
        repeated = [
            Sounding(n.pitch, n.start + shift, min(n.length, until - n.start))
            for n in voice.notes[voice.repeated : last]
        ]
        voice.notes += repeated
        voice.last, voice.played = [], Fraction(0)
        voice.now += until - voice.since
        voice.repeated, voice.since, voice.ending = len(voice.notes), voice.now, None
        if voice.now > MOST_BEATS or len(voice.notes) > MOST_NOTES:
            raise self._wrong("the tune is too long to be true: look at its lengths and repeats")


def signature(key: str) -> dict[str, int] | None:
    """Return what a key of ABC does to each letter, or None if it is no key.

    Example:
        >>> signature("Gm"), signature("D mixolydian"), signature("none")
        ({'B': -1, 'E': -1}, {'F': 1}, {})
    """
    key = re.split(r"\s+(?:clef|octave|transpose|stafflines|middle)\b|\s*treble|\s*bass", key)[0]
    words = key.strip()
    if words in ("", "none", "perc"):
        return {}
    if words in ("HP", "Hp"):  # the bagpipes'
        return {"F": 1, "C": 1}
    match = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", words)
    mode = match[3].lower() if match else ""
    short = mode if mode in ("", "m") else mode[:3]
    if match is None or short not in MODES:
        return None
    sharps = "FCGDAEB".index(match[1]) - 1 + 7 * (match[2] == "#") - 7 * (match[2] == "b")
    sharps += MODES[short]
    if abs(sharps) > 7:
        return None
    altered = dict(spelled(sharps))
    for sign, letter in re.findall(r"(\^|_|=)([A-Ga-g])(?![a-z])", words[match.end() :]):
        altered[letter.upper()] = {"^": 1, "_": -1, "=": 0}[sign]
    return altered


def spelled(sharps: int) -> Iterator[tuple[str, int]]:
    """Yield the letters that a signature changes, sharps up or (below zero) flats down."""
    order = SHARP_ORDER if sharps > 0 else SHARP_ORDER[::-1]
    for letter in order[: abs(sharps)]:
        yield letter, 1 if sharps > 0 else -1
