"""Pieces from files: one file, a folder of many kinds, or a set by its name; damaged ones named.

=====================================  ==============================================
``.mid .midi .kar``                    Standard MIDI, by symusic or mido
``.abc``                               ABC, every tune of the file
``.musicxml .xml .mxl``                MusicXML
``.mat .npz``                          piano rolls, with parts or without
a folder                               all such files in it; its folders are styles
=====================================  ==============================================
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from elman._errors import DataError
from elman.data.find import find_data, is_known
from elman.data.music.abc import read_abc
from elman.data.music.chorales import chorales
from elman.data.music.config import MusicConfig
from elman.data.music.isolated import MidiReader
from elman.data.music.musicxml import read_musicxml
from elman.data.music.roll import read_rolls, score_of_roll
from elman.data.music.score import DRUMS, Score
from elman.data.split import split_rows

__all__ = ["MusicSets", "Piece", "Pieces", "read_music", "read_music_sets"]

MIDI, ABC = (".mid", ".midi", ".kar"), (".abc",)
XML, ROLLS = (".musicxml", ".xml", ".mxl"), (".mat", ".npz")
KNOWN = (*MIDI, *ABC, *XML, *ROLLS)
TOLD = 10
"""Damaged files that are named in a message; all are counted."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Piece:
    """A piece of music.

    Args:
        name: Where it was found: the file, and the tune in it.
        score: Its music.
        style: Its folder, if it stands in one.
        part: The part of the data that its file puts it in, or an empty text.
    """

    name: str
    score: Score
    style: str = ""
    part: str = ""


@dataclass
class Pieces:
    """What was found: pieces, and why other files gave none."""

    pieces: list[Piece] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Files that could not be read, each with its reason."""
    empty: list[str] = field(default_factory=list)
    """Names of pieces without any note, left out."""
    doubles: int = 0
    """Pieces that are there already, in whatever key, left out."""

    def notes(self) -> list[str]:
        """Say what was left out, a sentence each."""
        said = []
        if self.broken:
            more = len(self.broken) - TOLD
            said.append(
                f"{len(self.broken)} damaged files left out: {'; '.join(self.broken[:TOLD])}"
                + (f"; and {more} more" if more > 0 else "")
            )
        if self.empty:
            said.append(f"{len(self.empty)} pieces without notes left out")
        if self.doubles:
            said.append(f"{self.doubles} pieces left out that are there already, in some key")
        return said


@dataclass(frozen=True)
class MusicSets:
    """The pieces of each part, and what was found on the way."""

    train: list[Piece]
    valid: list[Piece]
    test: list[Piece]
    notes: list[str]
    fingerprint: str


def read_music(
    data: str, config: MusicConfig, progress: Progress | None = None, *, doubles: bool = True
) -> Pieces:
    """Read all pieces of a file, a folder, or a set.

    Args:
        data: What is read.
        config: How.
        progress: Told how far the work is.
        doubles: Keep pieces that are there already.

    Raises:
        DataError: If it is not there, a single file is damaged, or no piece was found.
    """
    if data == "chorales":
        list(chorales(progress))  # the first time it takes seconds
    path = Path(find_data(data))
    files = files_of(path)
    if not files:
        raise DataError(f"{path}: no music in it; known are files that end in {', '.join(KNOWN)}")
    found = Pieces()
    single = not path.is_dir()
    with MidiReader() as midi:
        for done, file in enumerate(files, 1):
            try:
                for piece in pieces_of(file, path, config, midi, data if is_known(data) else ""):
                    if piece.score.count():
                        found.pieces.append(piece)
                    else:
                        found.empty.append(piece.name)
            except DataError as error:
                if single:
                    raise
                found.broken.append(str(error).replace(f"{path}{os.sep}", ""))
            if progress is not None:
                progress(done, len(files), "reading music")
    if not doubles:
        found.pieces, found.doubles = without_doubles(found.pieces)
    if not found.pieces:
        said = "; ".join(found.notes()) or "it has none"
        raise DataError(f"{path}: expected pieces with notes: {said}")
    return found


def read_music_sets(data: str, config: MusicConfig, progress: Progress | None = None) -> MusicSets:
    """Read all pieces and split them: as their file says, by other files, or by chance.

    Raises:
        DataError: If a part that is asked for would be empty, or a file cannot be read.
    """
    found = read_music(data, config, progress, doubles=False)
    notes = found.notes()
    parts: dict[str, list[Piece]] = {"train": [], "valid": [], "test": []}
    if any(piece.part for piece in found.pieces):
        for piece in found.pieces:
            parts[piece.part or "train"].append(piece)
    else:
        rows = split_rows(len(found.pieces), config, [piece.style for piece in found.pieces])
        for name in parts:
            parts[name] = [found.pieces[row] for row in getattr(rows, name)]
    for name in ("valid", "test"):
        other = getattr(config, name)
        if other is not None:
            more = read_music(other, config, progress)
            parts[name] = more.pieces
            notes += [f"{name}: {note}" for note in more.notes()]
    if not parts["train"]:
        raise DataError(f"{data}: no piece is left to train on")
    return MusicSets(**parts, notes=notes, fingerprint=fingerprint(parts.values()))


def files_of(path: Path) -> list[Path]:
    """Return the files to read: this one, or all known ones in the folder, by name.

    Raises:
        DataError: If there is nothing at that path.
    """
    if path.is_dir():
        inside = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
        return sorted(f for f in inside if f.suffix.lower() in KNOWN and not f.name.startswith("."))
    if not path.exists():
        raise DataError(
            f"cannot read {path}: no such file or folder, and no built-in music of that name"
        )
    return [path]


def pieces_of(
    file: Path, root: Path, config: MusicConfig, midi: MidiReader, known: str = ""
) -> Iterator[Piece]:
    """Yield the pieces of one file, named by their place in the folder, or by the set's name."""
    name = known or (file.name if file == root else file.relative_to(root).as_posix())
    style = "" if file == root or file.parent == root else file.relative_to(root).parts[0]
    kind = file.suffix.lower()
    if kind in ABC:
        for tune in read_abc(text_of(file, config.encoding), str(file)):
            yield Piece(f"{name}: {tune.title}" if tune.title else name, tune.score, style)
    elif kind in XML:
        yield Piece(name, read_musicxml(bytes_of(file), file), style)
    elif kind in ROLLS:
        for part, rolls in read_rolls(file).items():
            for number, roll in enumerate(rolls, 1):
                score = score_of_roll(roll, config.grid)
                yield Piece(f"{name}: {part or 'piece'} {number}", score, style, part)
    else:  # whatever it is called, it shall be MIDI
        yield Piece(name, midi.read(file), style)


def bytes_of(file: Path) -> bytes:
    """Return a file's content."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from None


def text_of(file: Path, encoding: str) -> str:
    """Return a file's text."""
    try:
        return bytes_of(file).decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file}: not {encoding} text at byte {error.start}; give --music.encoding, such as "
            "latin-1"
        ) from None


def without_doubles(pieces: Sequence[Piece]) -> tuple[list[Piece], int]:
    """Return pieces once each, whatever key they are in, and how many were left out.

    A piece that a file has put into another part stays, as the file's author wants it.
    """
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for piece in pieces:
        mark = (melody(piece.score), piece.part)
        seen[mark] += 1
        if seen[mark] == 1 or piece.part:
            kept.append(piece)
    return kept, len(pieces) - len(kept)


def melody(score: Score) -> str:
    """Return what two pieces have in common that differ in key and loudness alone."""
    pitched = sorted(n[:3] for t in score.tracks if t.program != DRUMS for n in t.notes)
    beat, lowest = score.ticks_per_beat, min((pitch for _, pitch, _ in pitched), default=0)
    told = [(round(96 * s / beat), p - lowest, round(96 * d / beat)) for s, p, d in pitched]
    drums = [n[:3] for t in score.tracks if t.program == DRUMS for n in t.notes]
    return hashlib.sha256(repr((told, drums)).encode()).hexdigest()


def fingerprint(parts: Iterable[list[Piece]]) -> str:
    """Return what changes whenever any piece of any part does."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"part")
        for piece in part:
            digest.update(repr(piece).encode())
    return digest.hexdigest()
