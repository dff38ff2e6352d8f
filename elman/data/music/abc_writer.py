"""A score as a tune in ABC notation; `abc.py` reads the same score back, velocities aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from elman.data.music.abc_key import SHARP_ORDER, signature
from elman.data.music.abc_voice import LETTERS
from elman.data.music.key import Key, estimate_key
from elman.data.music.score import DRUMS, Meter, Score, Track, bar_lines

__all__ = ["abc_text"]

BARS_A_LINE = 4

Chord = tuple[int, int, tuple[int, ...]]
"""Start, end and pitches of notes that begin and end together."""


def abc_text(score: Score, title: str = "", number: int = 1, key: Key | None = None) -> str:
    """Return a score as ABC: a voice for each line of notes that never overlap.

    Args:
        score: In normal form.
        title: Of the tune.
        number: Of the tune in its file.
        key: Its signature spells the notes; None: the key that the notes sound like.

    Example:
        >>> from elman.data.music.score import Note
        >>> scale = tuple(Note(k, pitch, 1) for k, pitch in enumerate((60, 62, 64, 66)))
        >>> print(abc_text(Score(1, (Track(0, scale),), 4)), end="")
        X:1
        T:
        M:4/4
        L:1/4
        Q:1/4=120
        K:C
        CDE^F |
    """
    meter = score.meters[0] if score.meters and score.meters[0].start == 0 else Meter(0, 4, 4)
    key = key or estimate_key(score.notes()) or Key(0, False)
    tempo = score.tempos[0].bpm if score.tempos and score.tempos[0].start == 0 else 120.0
    lines = [
        f"X:{number}",
        f"T:{' '.join(title.split())}",
        f"M:{meter.beats}/{meter.unit}",
        "L:1/4",
        f"Q:1/4={speed(tempo)}",
        f"K:{key}",
    ]
    voices = [(track.program, voice) for track in score.tracks for voice in voices_of(track)]
    for count, (program, voice) in enumerate(voices or [(0, [])], 1):
        if len(voices) > 1:
            lines.append(f"V:{count}")
        if program == DRUMS:
            lines.append("%%MIDI channel 10")
        elif program:
            lines.append(f"%%MIDI program {program}")
        lines += written(voice, score, key, first=count == 1)
    return "\n".join(lines) + "\n"


def voices_of(track: Track) -> Iterator[list[Chord]]:
    """Yield lines of chords that never overlap, as few as there must be, highest notes first."""
    groups: dict[tuple[int, int], list[int]] = {}
    for note in track.notes:
        groups.setdefault((note.start, note.end), []).append(note.pitch)
    chords: list[Chord] = [(*span, tuple(sorted(pitches))) for span, pitches in groups.items()]
    voices: list[list[Chord]] = []
    for chord in sorted(chords, key=lambda c: (c[0], -c[2][-1], c[1])):
        free = next((v for v in voices if v[-1][1] <= chord[0]), None)
        if free is None:
            voices.append([chord])
        else:
            free.append(chord)
    yield from voices


def written(voice: Sequence[Chord], score: Score, key: Key, *, first: bool) -> Iterator[str]:
    """Yield the lines of one voice, bar by bar; notes are tied across bar lines."""
    speller, ticks = Speller(key), score.ticks_per_beat
    bars = bar_lines(score)
    edges = [*(start for start, _ in bars[1:]), max(Fraction(score.length), bars[-1][0])]
    chords, line = iter(voice), list[str]()
    chord = next(chords, None)
    meter = bars[0][1]
    changes = {tempo.start: tempo.bpm for tempo in score.tempos if tempo.start > 0}
    for count, ((start, now), end) in enumerate(zip(bars, edges, strict=True), 1):
        signs = []
        if now[1:] != meter[1:]:
            signs.append(f"[M:{now.beats}/{now.unit}]")
            meter = now
        place = start
        speller.bar()
        while place < end:
            if first and place in changes:  # in the middle of a note it comes with its end
                signs.append(f"[Q:1/4={speed(changes.pop(int(place)))}]")
            stop = min([end, *(Fraction(t) for t in changes if first and t > place)])
            if chord is None or chord[0] >= stop:
                signs.append("z" + length(stop - place, ticks))
                place = stop
            elif chord[0] > place:
                signs.append("z" + length(chord[0] - place, ticks))
                place = Fraction(chord[0])
            else:
                until = min(stop, Fraction(chord[1]))
                tie = "-" if until < chord[1] else ""
                notes = "".join(speller.note(pitch) for pitch in chord[2])
                notes = f"[{notes}]" if len(chord[2]) > 1 else notes
                signs.append(notes + length(until - place, ticks) + tie)
                place = until
                if not tie:
                    chord = next(chords, None)
        line.append("".join(signs) + " |")
        if count % BARS_A_LINE == 0 or count == len(bars):
            yield " ".join(line)
            line = []


def speed(bpm: float) -> str:
    """Return a tempo so that it is read back to the microsecond."""
    return f"{bpm:.9f}".rstrip("0").rstrip(".")


def length(ticks: Fraction, per_beat: int) -> str:
    """Return a length in quarters as ABC has it.

    Example:
        >>> [length(Fraction(t), 12) for t in (12, 24, 6, 18, 4)]
        ['', '2', '/2', '3/2', '/3']
    """
    quarters = ticks / per_beat
    over = f"/{quarters.denominator}" if quarters.denominator > 1 else ""
    return ("" if quarters.numerator == 1 else str(quarters.numerator)) + over


class Speller:
    """Writes pitches as letters, with an accidental where the bar so far says otherwise."""

    def __init__(self, key: Key) -> None:
        self._signature = signature(str(key)) or {}
        self._flat = key.sharps < 0
        self._bar: dict[tuple[str, int], int] = {}

    def bar(self) -> None:
        """Begin a bar: its accidentals are forgotten."""
        self._bar = {}

    def note(self, pitch: int) -> str:
        """Return a pitch as ABC has it."""
        octave, place = divmod(pitch - 60, 12)
        natural = {LETTERS[n] + self._signature.get(n, 0): n for n in SHARP_ORDER}
        steps = {value: n for n, value in LETTERS.items()}
        if place in natural:
            letter = natural[place]
        elif place in steps:
            letter = steps[place]
        else:
            letter = steps[place + 1] if self._flat else steps[place - 1]
        change = place - LETTERS[letter]
        now = self._bar.get((letter, octave), self._signature.get(letter, 0))
        sign = "" if change == now else {-1: "_", 0: "=", 1: "^"}[change]
        self._bar[letter, octave] = change
        if octave > 0:
            return sign + letter.lower() + "'" * (octave - 1)
        return sign + letter + "," * -octave
