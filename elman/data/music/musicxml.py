"""MusicXML: the notes of a score, plain or packed (.mxl).

Read are partwise scores: notes, chords, rests, ties, several voices, meters, tempos, programs,
and which parts there are. Repeats are played as written, once; grace notes are passed over.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

from elman._errors import DataError
from elman.data.music.midi import sound_meter
from elman.data.music.score import MOST_BEATS, Meter, Note, Score, Tempo, Track, tidy

__all__ = ["read_musicxml"]

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MOST_BYTES = 64 << 20
"""A score unpacked is smaller; what is larger is a trap."""

Element = ElementTree.Element


def read_musicxml(
    content: bytes, name: str | Path = "the file", wanted: Callable[[str], bool] | None = None
) -> Score:
    """Return what a MusicXML file says.

    Args:
        content: The whole file, packed or not.
        name: What errors call it.
        wanted: Says by its name whether a part is read; None: all are.

    Raises:
        DataError: If it is damaged or no partwise score.
    """
    try:
        if content[:2] == b"PK":
            content = unpacked(content)
        # Entities can make a small file endless; no score needs them.
        if b"<!ENTITY" in content:
            raise DataError("it declares entities, which no score needs")
        root = ElementTree.fromstring(content)
        if root.tag != "score-partwise":
            raise DataError(f"expected a partwise score, got <{root.tag}>")
        return tidy(score_of(root, wanted))
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    except (ElementTree.ParseError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise DataError(f"{name}: damaged MusicXML: {error}") from None
    except (ValueError, ArithmeticError, NotImplementedError, OSError, EOFError, KeyError) as error:
        raise DataError(f"{name}: damaged MusicXML: {error}") from None


def unpacked(content: bytes) -> bytes:
    """Return the score inside an .mxl file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [n for n in archive.namelist() if not n.startswith("META-INF/")]
        scores = [n for n in names if n.endswith((".xml", ".musicxml"))]
        if not scores:
            raise DataError("the archive holds no score")
        with archive.open(scores[0]) as file:
            found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise DataError(f"its score has more than {MOST_BYTES >> 20} MB")
    return found


def score_of(root: Element, wanted: Callable[[str], bool] | None) -> Score:
    """Return the parts of a score in common ticks."""
    names, programs = {}, {}
    for entry in root.iter("score-part"):
        names[entry.get("id", "")] = (entry.findtext("part-name") or "").strip()
        programs[entry.get("id", "")] = int(entry.findtext(".//midi-program") or 1) - 1
    parts = [
        p for p in root.findall("part") if wanted is None or wanted(names.get(p.get("id", ""), ""))
    ]
    read = [Part(part) for part in parts]
    ticks = math.lcm(1, *(x.denominator for part in read for x in part.times()))
    tracks = tuple(
        Track(
            min(127, max(0, programs.get(element.get("id", ""), 0))),
            tuple(Note(int(s * ticks), p, int(d * ticks)) for s, p, d in part.notes),
        )
        for element, part in zip(parts, read, strict=True)
    )
    first = read[0] if read else None
    return Score(
        ticks,
        tracks,
        int(max([Fraction(0), *(part.end for part in read)]) * ticks),
        tuple(Meter(int(s * ticks), *m) for s, m in first.meters) if first else (),
        tuple(Tempo(int(s * ticks), round(60e6 / b)) for part in read for s, b in part.tempos),
    )


class Part:
    """What one part plays, in quarters."""

    def __init__(self, element: Element) -> None:
        self.notes: list[tuple[Fraction, int, Fraction]] = []
        self.meters: list[tuple[Fraction, tuple[int, int]]] = []
        self.tempos: list[tuple[Fraction, float]] = []
        self.end = Fraction(0)
        self._now, self._last = Fraction(0), Fraction(0)
        self._divisions = 1
        self._tied: dict[int, int] = {}
        """Of each pitch that is tied on: which note it is."""
        for number, measure in enumerate(element.findall("measure")):
            start = self._now
            longest = start
            for item in measure:
                self._item(item)
                longest = max(longest, self._now)
            self._now = longest  # a voice that stops early does not shorten the bar
            if number == 0:
                self._fill_upbeat()
            self.end = max(self.end, longest)
            if self._now > MOST_BEATS:
                raise DataError("it is too long to be true")

    def _fill_upbeat(self) -> None:
        """Move a short first bar to the end of a whole one, so that later bars begin on time."""
        beats, unit = self.meters[0][1] if self.meters else (4, 4)
        missing = max(Fraction(0), Fraction(4 * beats, unit) - self._now)
        self.notes = [(start + missing, pitch, length) for start, pitch, length in self.notes]
        self._now += missing
        self._last += missing

    def times(self) -> Iterator[Fraction]:
        """Yield all times, so that a common measure can be found."""
        yield self.end
        for start, _, duration in self.notes:
            yield from (start, duration)
        for place, _ in (*self.meters, *self.tempos):
            yield place

    def _item(self, item: Element) -> None:
        if item.tag == "note":
            self._note(item)
        elif item.tag == "backup":
            self._now = max(Fraction(0), self._now - self._duration(item))
        elif item.tag == "forward":
            self._now += self._duration(item)
        elif item.tag == "attributes":
            self._divisions = int(item.findtext("divisions") or self._divisions)
            if not 1 <= self._divisions <= 0x7FFF:
                raise DataError(f"expected 1 to 32767 divisions, got {self._divisions}")
            beats, unit = item.findtext("time/beats"), item.findtext("time/beat-type")
            if beats and unit and beats.isdecimal() and unit.isdecimal():
                meters = sound_meter(0, int(beats), int(unit))
                self.meters += [(self._now, (m.beats, m.unit)) for m in meters]
        for sound in [item] if item.tag == "sound" else item.findall("sound"):
            tempo = float(sound.get("tempo") or 0)
            if 4 <= tempo <= 2000:
                self.tempos.append((self._now, tempo))

    def _duration(self, item: Element) -> Fraction:
        quarters = Fraction(item.findtext("duration") or 0) / self._divisions
        if not 0 <= quarters <= MOST_BEATS or quarters.denominator > 0x7FFF:
            raise DataError(f"a duration of {float(quarters):g} beats")
        return quarters

    def _note(self, item: Element) -> None:
        if item.find("grace") is not None or item.find("cue") is not None:
            return
        duration = self._duration(item)
        start = self._last if item.find("chord") is not None else self._now
        self._last = start
        if item.find("chord") is None:
            self._now += duration
        step = item.findtext("pitch/step")
        if step is None:
            return  # a rest, or percussion without pitch
        alter = round(float(item.findtext("pitch/alter") or 0))
        pitch = 12 * (int(item.findtext("pitch/octave") or 4) + 1) + STEPS[step.strip()] + alter
        if not 0 <= pitch < 128:
            raise DataError(f"pitch {pitch} is beyond 0 to 127")
        ties = {tie.get("type") for tie in item.findall("tie")}
        held = self._tied.pop(pitch, None)
        if (
            held is not None
            and "stop" in ties
            and sum(self.notes[held][::2], start=Fraction(0)) == start
        ):
            begun, _, before = self.notes[held]
            self.notes[held] = (begun, pitch, before + duration)
        else:
            held = len(self.notes)
            self.notes.append((start, pitch, duration))
        if "start" in ties:
            self._tied[pitch] = held
