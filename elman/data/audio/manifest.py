"""Which recordings there are and what is said in each: a table, or a folder.

A table (CSV, TSV, JSON lines, Parquet) names the recordings, from its own folder. A folder holds
transcripts beside them (`a.wav`, `a.txt`), or LibriSpeech's `*.trans.txt`, or the names of the
files say what is said (`pattern`). Headers are read, sound is not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from elman._errors import DataError, did_you_mean
from elman.data.audio.alphabet import normal_text
from elman.data.audio.config import AudioConfig
from elman.data.audio.read import SUFFIXES, Sound, probe
from elman.data.table import Table, listed, open_table
from elman.data.text import read_text

__all__ = ["Utterance", "read_manifest", "recordings_in"]

Progress = Callable[[int, int, str], None]
AUDIO = ("audio", "path", "file", "wav", "audio_filepath", "filename", "audio_path", "file_name")
TEXT = ("text", "transcript", "sentence", "transcription", "transcripts", "words", "label")
TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".pq")
MOST = 100
"""Wrong files that a message lists."""


@dataclass(frozen=True)
class Utterance:
    """A recording and what is said in it.

    Args:
        path: The file.
        text: What is said, as it is learned.
        sound: What the file's header says.
        place: Where the transcript stands, for messages.
        group: What it shares with others that must be in the same part; empty: nothing.
    """

    path: str
    text: str
    sound: Sound
    place: str
    group: str = ""


class Entry(NamedTuple):
    """A recording and its transcript, before either was looked at."""

    path: Path
    text: str
    place: str
    group: str


def read_manifest(
    source: str, config: AudioConfig, progress: Progress | None = None
) -> list[Utterance]:
    """Return the recordings of a table or a folder, in its order.

    Raises:
        DataError: Where there is nothing to read; a transcript is empty; or recordings are
            missing or unreadable, all of which are listed.
    """
    path = Path(source)
    if not path.exists():
        raise DataError(f"{path} is not there. Give a table of recordings, or their folder")
    if path.is_dir():
        entries = list(from_folder(path, config))
    else:
        if config.pattern is not None:
            raise DataError(f"{path} is a table; audio.pattern is for folders. Leave it out")
        if path.suffix.lower() in SUFFIXES:
            raise DataError(f"{path} is a recording; expected a table of recordings or a folder")
        entries = list(from_table(path, config))
    found: list[Utterance] = []
    wrong: list[str] = []
    for number, entry in enumerate(entries, 1):
        text = normal_text(entry.text, lowercase=config.lowercase)
        if not text:
            raise DataError(f"{entry.place}: the transcript is empty. Remove the recording")
        try:
            sound = probe(entry.path)
        except DataError as error:
            if "pip install" in str(error):
                raise
            wrong.append(f"{entry.place}: {error}" if not path.is_dir() else str(error))
            continue
        found.append(Utterance(str(entry.path), text, sound, entry.place, entry.group))
        if progress is not None:
            progress(number, len(entries), "reading headers")
    if wrong:
        shown = wrong[:MOST] + ([f"... and {len(wrong) - MOST} more"] * (len(wrong) > MOST))
        raise DataError(
            "\n  ".join([f"{len(wrong):,} of {len(entries):,} recordings cannot be used:", *shown])
        )
    return found


def from_table(path: Path, config: AudioConfig) -> Iterator[Entry]:
    """Yield the rows of a table; recordings are named from its folder, or from the root."""
    table = open_table(str(path), encoding=config.encoding)
    audio = chosen(table, config.audio_column, AUDIO, 0, "audio_column", "the recordings")
    text = chosen(table, config.text_column, TEXT, 1, "text_column", "the transcripts")
    columns = [audio, text] + ([table.find(config.group)] if config.group else [])
    for place, values in table.rows(columns):
        where = table.where(place)
        if not values[0].strip():
            raise DataError(f"{where}: names no recording in the column '{audio}'")
        file = beside(path, values[0])
        yield Entry(file, values[1], where, values[2] if config.group else "")


def beside(table: Path, name: str) -> Path:
    """Return a file that a table names, from its folder or from the root."""
    return Path(os.path.normpath(os.path.join(table.parent, name.strip())))


def chosen(
    table: Table, asked: str | None, usual: tuple[str, ...], number: int, key: str, what: str
) -> str:
    """Return the column that is asked for, or that has a usual name, or is one of two."""
    if asked is not None:
        return table.find(asked)
    for name in usual:
        for column in table.columns:
            if column.lower() == name:
                return column
    if len(table.columns) == 2:
        return table.columns[number]
    raise DataError(
        f"{table.name}: which column has {what}? Columns: {listed(table.columns)}. "
        f"Name it: --audio.{key.replace('_', '-')}"
    )


def from_folder(folder: Path, config: AudioConfig) -> Iterator[Entry]:
    """Yield the recordings of a folder and of those in it, by name."""
    for name in ("audio_column", "text_column"):
        if getattr(config, name) is not None:
            raise DataError(f"{folder} is a folder; audio.{name} is for tables. Leave it out")
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    sounds = [p for p in files if p.suffix.lower() in SUFFIXES]
    if not sounds:
        raise DataError(f"{folder} holds no recordings ({', '.join(SUFFIXES)})")
    if config.pattern is not None:
        yield from by_pattern(folder, sounds, config.pattern, config.group)
        return
    if config.group is not None:
        raise DataError("audio.group: in a folder it is a {name} of audio.pattern; give both")
    lists = [p for p in files if p.name.endswith(".trans.txt")]
    told = {key: value for path in lists for key, value in librispeech(path, config.encoding)}
    silent = []
    for sound in sounds:
        note = sound.with_suffix(".txt")
        if sound.with_suffix("") in told:
            text, place = told[sound.with_suffix("")]
            yield Entry(sound, text, place, "")
        elif note.exists():
            content = "".join(read_text(note, config.encoding)) if note.stat().st_size else ""
            yield Entry(sound, content, str(note), "")
        else:
            silent.append(str(sound))
    if silent:
        more = [f"... and {len(silent) - MOST} more"] if len(silent) > MOST else []
        raise DataError(
            "\n  ".join(
                [
                    f"{len(silent):,} of {len(sounds):,} recordings have no transcript. Expected "
                    "a.txt beside a.wav, a *.trans.txt, or --audio.pattern if names say it:",
                    *silent[:MOST],
                    *more,
                ]
            )
        )


def librispeech(path: Path, encoding: str) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Yield recordings, without ending, with their texts and places, of a ``*.trans.txt``."""
    for number, line in enumerate("".join(read_text(path, encoding)).split("\n"), 1):
        if line.strip():
            name, _, text = line.strip().partition(" ")
            yield path.parent / name, (text, f"{path}, line {number}")


def by_pattern(
    folder: Path, sounds: list[Path], pattern: str, group: str | None
) -> Iterator[Entry]:
    """Yield recordings with what their names say, from the folder on."""
    names = re.findall(r"\{([^{}]*)\}", pattern)
    if group is not None and group not in names:
        raise DataError(
            f"audio.group = '{group}' is not in audio.pattern = '{pattern}'"
            f"{did_you_mean(group, names) or ': name it there between braces'}"
        )
    parts = re.split(r"(\{[^{}]*\})", pattern)
    expression = "".join(
        re.escape(part) if not part.startswith("{") else field(part[1:-1]) for part in parts
    )
    matcher = re.compile(expression)
    odd = []
    for sound in sounds:
        name = sound.relative_to(folder).as_posix()
        if match := matcher.fullmatch(name):
            said = match["text"].replace("_", " ")
            yield Entry(sound, said, str(sound), match[group] if group else "")
        else:
            odd.append(name)
    if odd:
        raise DataError(
            f"{len(odd):,} of {len(sounds):,} recordings in {folder} are not named as "
            f"audio.pattern = '{pattern}' says: {listed(odd, 5)}"
        )


def field(name: str) -> str:
    """Return the expression for a part of a name; none spans folders."""
    return f"(?P<{name}>[^/]+?)" if name else "[^/]+?"


def recordings_in(source: str, config: AudioConfig) -> Iterator[str]:
    """Yield the paths of recordings: of a folder, those a table names, or a recording itself.

    Raises:
        DataError: If there is nothing of the kind.
    """
    path = Path(source)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
        if not files:
            raise DataError(f"{path} holds no recordings ({', '.join(SUFFIXES)})")
        yield from map(str, files)
    elif path.suffix.lower() in TABLES:
        table = open_table(source, encoding=config.encoding)
        audio = chosen(table, config.audio_column, AUDIO, 0, "audio_column", "the recordings")
        for _, (name,) in table.rows([audio]):
            yield str(beside(path, name))
    else:
        yield source
