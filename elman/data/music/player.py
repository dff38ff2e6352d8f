"""Events played as notes, one by one."""

from __future__ import annotations

from typing import Any, NamedTuple

from elman.data.music.score import Meter, Note, Score, Tempo, Track, tidy

__all__ = ["Event", "Player", "steps_of"]

TICKS = 480
"""Ticks of a quarter in what is played, if the steps divide it."""


class Event(NamedTuple):
    """An event: its kind, and its value."""

    kind: str
    value: Any = None


class Player:
    """Turns events into notes, one by one; knows where in the bar it is.

    Args:
        steps_per_beat: Steps of time in a quarter.
        meter: Beats and unit of the bars, until an event says otherwise.
        program: The instrument, until an event says otherwise.
        velocity: So too.
        tempo: So too.

    Example:
        >>> player = Player(4, (3, 4), 0, 80, 120)
        >>> for event in (("bar", None), ("shift", 4), ("pitch", 60), ("duration", 2)):
        ...     player.play(Event(*event))
        >>> player.place, player.bar_steps, player.score().beats
        (4, 12, 3.0)
    """

    def __init__(
        self,
        steps_per_beat: int,
        meter: tuple[int, int],
        program: int,
        velocity: int,
        tempo: int,
    ) -> None:
        self._steps_per_beat = steps_per_beat
        self.bars = 0
        """Bars begun."""
        self.place = 0
        """Steps since the bar line."""
        self._bar = 0  # where this bar begins, in steps
        self.meter, self.program = meter, program
        self._velocity, self._tempo = velocity, tempo
        self._pitch: int | None = None
        self._notes: dict[int, list[Note]] = {}
        self._meters: list[Meter] = []
        self._tempos: list[tuple[int, int]] = []
        self.struck: set[tuple[int, int]] = set()
        """Program and pitch of what has begun just now."""

    @property
    def sounded(self) -> bool:
        """Whether there was a note."""
        return bool(self._notes)

    @property
    def bar_steps(self) -> int:
        """Steps of this bar."""
        return steps_of(self.meter, self._steps_per_beat)

    def play(self, event: Event) -> None:
        """Play one event."""
        kind, value = event
        if kind == "bar":
            self._bar += self.bar_steps if self.bars else 0
            self.bars, self.place = self.bars + 1, 0
            self.struck = set()
            self._pitch = None
            self._meters.append(Meter(self._bar, *self.meter))
            self._tempos.append((self._bar, self._tempo))
        elif kind == "meter" and self.bars and not self.place:
            self.meter = value
            self._meters.append(Meter(self._bar, *value))
        elif kind == "tempo":
            self._tempo = value
            self._tempos.append((self._bar, value))
        elif kind == "shift":
            self.place += value
            self.struck = set()
        elif kind == "program":
            self.program = value
        elif kind == "velocity":
            self._velocity = value
        elif kind in ("pitch", "drum"):
            self._pitch = value
        elif kind == "duration" and self._pitch is not None:
            note = Note(self._bar + self.place, self._pitch, value, self._velocity)
            self._notes.setdefault(self.program, []).append(note)
            self.struck.add((self.program, self._pitch))
            self._pitch = None

    def score(self) -> Score:
        """Return what has been played; the last bar is whole, and nothing sounds after it."""
        steps = self._steps_per_beat
        scale = TICKS // steps if TICKS % steps == 0 else 1
        end = self._bar + (self.bar_steps if self.bars else 0)

        def in_ticks(note: Note) -> Note:
            length = min(note.duration, end - note.start)
            return note._replace(start=note.start * scale, duration=length * scale)

        tracks = tuple(Track(p, tuple(map(in_ticks, line))) for p, line in self._notes.items())
        return tidy(
            Score(
                steps * scale,
                tracks,
                end * scale,
                tuple(m._replace(start=m.start * scale) for m in self._meters),
                tuple(Tempo(start * scale, round(60e6 / bpm)) for start, bpm in self._tempos),
            )
        )


def steps_of(meter: tuple[int, int], steps_per_beat: int) -> int:
    """Return the steps of a bar.

    Example:
        >>> steps_of((6, 8), 12)
        36
    """
    return max(1, 4 * steps_per_beat * meter[0] // meter[1])
