"""Which events may come next, so that whatever is written is music: whole bars, whole notes.

A model is only asked to choose among these. Nothing begins twice at once, every note has its
duration, no shift crosses a bar line, and after the bars that are asked for it ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.data.music.events import EventVocabulary
from elman.data.music.player import Event
from elman.data.music.score import DRUMS

__all__ = ["Grammar"]

MOST_AT_ONCE = 24
"""Notes that may begin together."""
WAITING = {
    "start": ("key", "style", "bar"),
    "key": ("style", "bar"),
    "style": ("bar",),
    "bar": ("meter", "tempo", "shift", "note", "bar", "end"),
    "meter": ("tempo", "shift", "note", "bar", "end"),
    "tempo": ("shift", "note", "bar", "end"),
    "shift": ("note",),
    "program": ("velocity", "pitch"),
    "velocity": ("pitch",),
    "pitch": ("duration",),
    "drum": ("duration",),
    "duration": ("shift", "note", "bar", "end"),
}
"""What may follow a kind; a note begins with its program, its velocity or its pitch."""


class Grammar:
    """Plays what is written, and says what may come next.

    Args:
        vocabulary: The events.
        bars: After how many bars the piece ends; None: when END comes.
        most_bars: Where it ends at the latest.

    Example:
        >>> from elman.data.music.config import MusicConfig
        >>> from elman.data.music.score import Note, Score, Track
        >>> score = Score(1, (Track(0, (Note(0, 60, 1),)),), 4)
        >>> vocabulary = EventVocabulary.learn([score], MusicConfig(keys=False))
        >>> grammar = Grammar(vocabulary, bars=1)
        >>> grammar.write(vocabulary.id("start"))
        >>> [vocabulary.event(k).kind for k in np.flatnonzero(grammar.allowed())]
        ['bar']
    """

    def __init__(
        self, vocabulary: EventVocabulary, *, bars: int | None = None, most_bars: int = 10_000
    ) -> None:
        self._known, self._bars = vocabulary, bars
        self._most = most_bars if bars is None else bars
        self.player = vocabulary.player()
        self._last = Event("start")
        self._families = {
            kind: vocabulary.family(kind)
            for kind in ("key", "style", "meter", "tempo", "shift", "program", "velocity")
        }
        self._families |= {kind: vocabulary.family(kind) for kind in ("pitch", "drum", "duration")}
        self._ends = vocabulary.id("end")
        self._key: int | None = None

    @property
    def over(self) -> bool:
        """Whether the end was written."""
        return self._last.kind == "end"

    def write(self, number: int) -> None:
        """Take the next event."""
        self._last = self._known.event(number)
        if self._last.kind == "key":
            self._key = self._last.value
        self.player.play(self._last)

    def allowed(self) -> NDArray[np.bool_]:
        """Return which events may come next, ``(V,)``; at least one."""
        may = np.zeros(len(self._known), np.bool_)
        kind = self._last.kind
        for next_kind in WAITING[kind]:
            if next_kind == "note":
                self._allow_notes(may)
            elif next_kind == "pitch":
                self._allow_pitches(may)
            elif next_kind == "shift":
                self._allow_shifts(may)
            elif next_kind == "bar":
                self._allow_bar(may)
            elif next_kind == "end":
                sounded = self.player.sounded or self._bars is not None
                early = self._bars is not None and self.player.bars < self._bars
                may[self._ends] = (sounded and not early) or self.player.bars >= self._most
            else:
                self._allow(may, next_kind)
        if kind == "start" and self._families["key"]:
            self._allow(may, "style", False)  # every piece tells its key first
        if kind == "shift" and self._last.value == self._known.shifts:
            self._allow_shifts(may)  # a longer one is told in several
        return may

    def _allow(self, may: NDArray[np.bool_], kind: str, yes: bool = True) -> None:
        family = self._families[kind]
        may[family.start : family.stop] = yes

    def _allow_bar(self, may: NDArray[np.bool_]) -> None:
        """Allow a bar line in the key of the piece, unless there are bars enough."""
        if self.player.bars < self._most and not (self._known.keys and self._key is None):
            may[self._known.id("bar", self._key)] = True

    def _allow_shifts(self, may: NDArray[np.bool_]) -> None:
        """Allow shifts that stay within the bar."""
        first, left = self._families["shift"].start, self.player.bar_steps - self.player.place - 1
        may[first : first + max(0, min(left, self._known.shifts))] = True

    def _allow_notes(self, may: NDArray[np.bool_]) -> None:
        """Allow all that a note can begin with, unless enough have begun."""
        if len(self.player.struck) >= MOST_AT_ONCE:
            return
        if self._allow_pitches(may):
            self._allow(may, "velocity")
        for number in self._families["program"]:
            program = self._known.event(number).value
            if program != self.player.program and self._free(program).any():
                may[number] = True

    def _allow_pitches(self, may: NDArray[np.bool_]) -> bool:
        """Allow pitches of the instrument that have not begun just now; say if there are any."""
        kind = "drum" if self.player.program == DRUMS else "pitch"
        family, free = self._families[kind], self._free(self.player.program)
        may[family.start : family.stop] = free
        return bool(free.any())

    def _free(self, program: int) -> NDArray[np.bool_]:
        """Return which pitches of a program have not begun just now."""
        family = self._families["drum" if program == DRUMS else "pitch"]
        pitches = [self._known.event(number).value for number in family]
        return np.array([(program, pitch) not in self.player.struck for pitch in pitches], np.bool_)
