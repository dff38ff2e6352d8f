"""Music as events, one after another: what a model of events reads and writes.

A piece is a beginning, its key and its style, then bar after bar:

    piece   START [KEY] [STYLE] bar* END
    bar     BAR [METER] [TEMPO] (SHIFT* [PROGRAM] [VELOCITY] PITCH DURATION)*

A shift goes on in time, in steps; BAR goes to the next bar line and tells the key again, which a
memory of many bars would lose. Meter, tempo, program and
velocity hold until the next of their kind, and begin with the first of their list. Notes that
begin together stand by program, then from low to high.
"""

from __future__ import annotations

import bisect
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError, DataError
from elman.data.music.config import MusicConfig
from elman.data.music.key import KEYS, Key, estimate_key
from elman.data.music.nearest import degrees, nearest, nearest_program, rounded
from elman.data.music.player import Event, Player, steps_of
from elman.data.music.score import (
    DRUMS,
    PITCHES,
    Note,
    Score,
    bar_lines,
)

__all__ = ["EventVocabulary"]

MOST_SHIFT_BEATS = 4
MOST_DURATION_BEATS = 8
START, END, BAR = "start", "end", "bar"

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class EventVocabulary:
    """Every event of a model by its number; what it does not have becomes the nearest it has.

    Args:
        steps_per_beat: Steps of time in a quarter.
        pitches: Lowest and highest pitch.
        drums: Pitches of percussion, apart from the others, since they are never moved.
        durations: In steps.
        shifts: The longest shift, in steps.
        velocities: From 1 to 127.
        programs: Instruments.
        tempos: In quarters a minute.
        meters: Beats and unit.
        keys: Whether a piece tells its key.
        styles: Names.

    Example:
        >>> from elman.data.music.score import Note, Track
        >>> score = Score(2, (Track(0, (Note(0, 60, 2), Note(0, 64, 1), Note(2, 62, 2))),), 4)
        >>> vocabulary = EventVocabulary.learn([score], MusicConfig(transpose=0, keys=False))
        >>> ids = vocabulary.encode(score)
        >>> [event.kind for event in vocabulary.events(ids)][:7]
        ['start', 'bar', 'pitch', 'duration', 'pitch', 'duration', 'shift']
        >>> vocabulary.decode(ids) == vocabulary.quantised(score)
        True
    """

    steps_per_beat: int
    pitches: tuple[int, int]
    durations: tuple[int, ...]
    shifts: int
    velocities: tuple[int, ...]
    programs: tuple[int, ...]
    tempos: tuple[int, ...]
    meters: tuple[tuple[int, int], ...]
    drums: tuple[int, ...] = ()
    keys: bool = False
    styles: tuple[str, ...] = ()
    _events: tuple[Event, ...] = field(init=False, repr=False, compare=False)
    _ids: dict[Event, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        low, high = self.pitches
        families: tuple[tuple[str, Iterable[Any]], ...] = (
            (BAR, range(len(KEYS)) if self.keys else (None,)),
            ("key", range(len(KEYS)) if self.keys else ()),
            ("style", self.styles),
            ("meter", self.meters),
            ("tempo", self.tempos),
            ("shift", range(1, self.shifts + 1)),
            ("program", self.programs),
            ("velocity", self.velocities),
            ("pitch", range(low, high + 1)),
            ("drum", self.drums),
            ("duration", self.durations),
        )
        events = [Event(START), Event(END)]
        for kind, values in families:
            events += [Event(kind, value) for value in values]
        object.__setattr__(self, "_events", tuple(events))
        object.__setattr__(self, "_ids", {event: number for number, event in enumerate(events)})

    @classmethod
    def learn(
        cls, scores: Iterable[Score], config: MusicConfig, styles: Iterable[str] = ()
    ) -> EventVocabulary:
        """Return a vocabulary with what the scores have, moved to all their keys.

        Raises:
            DataError: If there is no note.
        """
        steps, loud, pitched = config.grid, Counter[int](), set[int]()
        programs, tempos, meters = Counter[int](), Counter[int](), Counter[tuple[int, int]]()
        durations, drums, known = {steps}, set[int](), tuple(sorted(set(styles)))
        for score in scores:
            meters.update((m.beats, m.unit) for _, m in bar_lines(score))
            tempos.update(round(t.bpm) for t in score.tempos)
            if not score.tempos or score.tempos[0].start > 0:
                tempos[120] += 1
            scale = Fraction(steps, score.ticks_per_beat)
            for track in score.tracks:
                programs[track.program] += len(track.notes)
                (drums if track.program == DRUMS else pitched).update(n.pitch for n in track.notes)
                loud.update(n.velocity for n in track.notes)
                durations.update(rounded(n.duration * scale, 1) for n in track.notes)
        if not programs:
            raise DataError("there are no notes to learn events from")
        move = config.transpose
        low, high = min(pitched, default=60) - move, max(pitched, default=60) + move
        bars = [Fraction(4 * steps * beats, unit) for beats, unit in meters]
        return cls(
            steps,
            (max(0, low), min(PITCHES - 1, high)),
            tuple(sorted(d for d in durations if d <= MOST_DURATION_BEATS * steps)),
            min(MOST_SHIFT_BEATS * steps, max(steps, *(int(bar) for bar in bars))),
            degrees(loud, config.velocities),
            tuple(program for program, _ in programs.most_common()),
            degrees(tempos, config.tempos),
            tuple(meter for meter, _ in meters.most_common()),
            tuple(sorted(drums)),
            config.keys,
            known if config.styles and len(known) > 1 else (),
        )

    def __len__(self) -> int:
        return len(self._events)

    def id(self, kind: str, value: Any = None) -> int:
        """Return the number of an event that is known."""
        return self._ids[Event(kind, value)]

    def event(self, number: int) -> Event:
        """Return the event of a number."""
        return self._events[number]

    def events(self, ids: Iterable[int]) -> list[Event]:
        """Return the events of numbers."""
        return [self._events[int(number)] for number in ids]

    def family(self, kind: str) -> range:
        """Return the numbers of all events of a kind, which stand together."""
        found = [number for number, event in enumerate(self._events) if event.kind == kind]
        return range(found[0], found[-1] + 1) if found else range(0)

    def bar(self, key: Key | None) -> int:
        """Return the number of a bar line in a key."""
        return self.id(BAR, key.number if self.keys and key is not None else None)

    def header(self, key: Key | None = None, style: str = "") -> list[int]:
        """Return how a piece begins: its start, its key if it has one, its style if known.

        Raises:
            ConfigError: If a style is asked for that the model does not know.
        """
        ids = [self.id(START)]
        if self.keys and key is not None:
            ids.append(self.id("key", key.number))
        if style and style not in self.styles:
            if not self.styles:
                raise ConfigError("style: this run was trained on pieces without styles")
            known = ", ".join(self.styles)
            raise ConfigError(f"style: expected one of {known}, got {style!r}")
        if style:
            ids.append(self.id("style", style))
        return ids

    def encode(self, score: Score, key: Key | None = None, style: str = "") -> Ids:
        """Return a piece as numbers; unless its key is given, it is the one it sounds like."""
        if self.keys and key is None:
            key = estimate_key(score.notes()) or Key(0, False)
        bar = self.bar(key)
        body = (bar if event.kind == BAR else self._ids[event] for event in self._told(score))
        return np.array([*self.header(key, style), *body, self.id(END)], np.int64)

    def _told(self, score: Score) -> Iterator[Event]:
        """Yield the events between header and end."""
        scale = Fraction(self.steps_per_beat, score.ticks_per_beat)
        bars = self._bars(score, scale)
        starts = [start for start, _ in bars]
        found: list[list[tuple[int, int, int, Note]]] = [[] for _ in bars]
        for track in score.tracks:
            program = nearest_program(track.program, self.programs)
            if program is None:
                continue
            order = self.programs.index(program)
            for note in track.notes:
                start = min(
                    rounded(note.start * scale, 0), starts[-1] + self.steps_of(bars[-1][1]) - 1
                )
                bar = bisect.bisect_right(starts, start) - 1
                found[bar].append((start, order, note.pitch, note))
        now = {"meter": self.meters[0], "tempo": self.tempos[0]}
        now |= {"program": self.programs[0], "velocity": self.velocities[0]}

        def news(kind: str, value: Any) -> Iterator[Event]:
            if now[kind] != value:
                now[kind] = value
                yield Event(kind, value)

        tempos = [(rounded(tempo.start * scale, 0), tempo.bpm) for tempo in score.tempos]
        for (place, meter), notes in zip(bars, found, strict=True):
            yield Event(BAR)
            yield from news("meter", meter)
            # a tempo that changes within a bar is told at the next one
            speed = next((bpm for start, bpm in reversed(tempos) if start <= place), 120.0)
            yield from news("tempo", nearest(speed, self.tempos))
            struck: set[tuple[int, int]] = set()
            for start, order, _, note in sorted(notes):
                program = self.programs[order]
                pitch = self._pitch(note.pitch, program)
                if pitch is None or ((order, pitch.value) in struck and start == place):
                    continue
                while place < start:
                    step = min(start - place, self.shifts)
                    yield Event("shift", step)
                    place += step
                    struck = set()
                struck.add((order, pitch.value))
                yield from news("program", program)
                yield from news("velocity", nearest(note.velocity, self.velocities))
                yield pitch
                length = rounded(note.duration * scale, 1)
                yield Event("duration", nearest(length, self.durations))

    def _bars(self, score: Score, scale: Fraction) -> list[tuple[int, tuple[int, int]]]:
        """Return where each bar begins, in steps, in meters that are known.

        Where the piece's meter is not known, bars are those of the nearest one.
        """
        lines = bar_lines(score)
        if all((m.beats, m.unit) in self.meters and (s * scale).denominator == 1 for s, m in lines):
            spans = [int((b - a) * scale) for (a, _), (b, _) in itertools.pairwise(lines)]
            wholes = [self.steps_of((m.beats, m.unit)) for _, m in lines[:-1]]
            if spans == wholes:
                return [(int(s * scale), (m.beats, m.unit)) for s, m in lines]
        meter = min(
            self.meters,
            key=lambda known: abs(self.steps_of(known) - lines[0][1].bar(self.steps_per_beat)),
        )
        bar, end = self.steps_of(meter), max(1, rounded(score.length * scale, 1))
        return [(start, meter) for start in range(0, end, bar)]

    def steps_of(self, meter: tuple[int, int]) -> int:
        """Return the steps of a bar."""
        return steps_of(meter, self.steps_per_beat)

    def player(self) -> Player:
        """Return what plays these events, at the beginning of a piece."""
        return Player(
            self.steps_per_beat,
            self.meters[0],
            self.programs[0],
            self.velocities[0],
            self.tempos[0],
        )

    def _pitch(self, pitch: int, program: int) -> Event | None:
        """Return a pitch, moved by octaves into the range; None for unknown percussion."""
        if program == DRUMS:
            return Event("drum", pitch) if pitch in self.drums else None
        low, high = self.pitches
        while pitch < low:
            pitch += 12
        while pitch > high:
            pitch -= 12
        return Event("pitch", max(low, pitch))

    def decode(self, ids: Iterable[int]) -> Score:
        """Return the music that events say; what makes no sense in its place is passed over."""
        player = self.player()
        for number in ids:
            player.play(self._events[int(number)])
        return player.score()

    def quantised(self, score: Score) -> Score:
        """Return a score as it is after it has been told in events."""
        return self.decode(self.encode(score))

    def moved(self, ids: Ids, semitones: int) -> Ids:
        """Return a piece in another key: pitches and key change, percussion and order do not.

        Example:
            >>> from elman.data.music.score import Note, Track
            >>> score = Score(1, (Track(0, (Note(0, 60, 1),)),), 1)
            >>> vocabulary = EventVocabulary.learn([score], MusicConfig(transpose=2))
            >>> ids = vocabulary.encode(score, Key(0, False))
            >>> [event.value for event in vocabulary.events(vocabulary.moved(ids, 2))][1:4]
            [2, 2, 62]
        """
        found = ids.copy()
        pitch, key = self.family("pitch"), self.family("key")
        heard = (ids >= pitch.start) & (ids < pitch.stop)
        place = ids[heard] + semitones
        place += 12 * (place < pitch.start) - 12 * (place >= pitch.stop)
        found[heard] = np.clip(place, pitch.start, pitch.stop - 1)
        for family in (key, self.family(BAR)) if key else ():
            told = (ids >= family.start) & (ids < family.stop)
            number = ids[told] - family.start
            found[told] = family.start + number // 12 * 12 + (number % 12 + semitones) % 12
        return found

    def to_json(self) -> str:
        """Return it as the file of a run directory."""
        told = {k: v for k, v in asdict(self).items() if not k.startswith("_")}
        return json.dumps({"format": 1, **told}, ensure_ascii=False)

    @classmethod
    def from_dict(cls, told: Any) -> EventVocabulary:
        """Return what `to_json` wrote.

        Raises:
            ValueError: If it is something else.
        """
        if not isinstance(told, dict) or told.get("format") != 1:
            raise ValueError("expected a vocabulary of events, format 1")
        whole = ("durations", "velocities", "programs", "tempos", "drums", "pitches")
        lists = {name: tuple(int(v) for v in told[name]) for name in whole}
        low, high = lists["pitches"]
        meters = tuple((int(beats), int(unit)) for beats, unit in told["meters"])
        fine = (
            0 <= low <= high < PITCHES
            and all(0 <= program <= DRUMS for program in lists["programs"])
            and all(0 <= pitch < PITCHES for pitch in lists["drums"])
            and all(1 <= velocity <= 127 for velocity in lists["velocities"])
            and all(4 <= tempo <= 2000 for tempo in lists["tempos"])
            and all(1 <= b <= 64 and u in (1, 2, 4, 8, 16, 32, 64) for b, u in meters)
            and all(1 <= d <= 96 * MOST_DURATION_BEATS for d in lists["durations"])
            and all(lists[name] for name in whole if name != "drums")
            and all(len(set(v)) == len(v) for k, v in lists.items() if k != "pitches")
            and bool(meters)
            and 1 <= int(told["steps_per_beat"]) <= 96
            and 1 <= int(told["shifts"]) <= 96 * MOST_SHIFT_BEATS
        )
        if not fine:
            raise ValueError("a number in the vocabulary of events is beyond its range")
        return cls(
            steps_per_beat=int(told["steps_per_beat"]),
            shifts=int(told["shifts"]),
            meters=meters,
            keys=bool(told["keys"]),
            styles=tuple(str(style) for style in told["styles"]),
            **lists,  # type: ignore[arg-type]  # lists of the fields
        )
