"""A set of clips: what belongs to it, and what is known of each; frames are read when asked for.

A set is a folder with a folder for each class, a manifest (CSV, TSV, JSON lines, Parquet) that
names files, or an NPZ with the frames of all clips stacked. How one clip is read, `read.py` knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from elman._errors import DataError
from elman.data.lines import read_lines
from elman.data.table import Row, Table, listed, looks_like_table, open_table, seen
from elman.data.video.arrays import is_array_file
from elman.data.video.config import VideoConfig
from elman.data.video.read import Clip, is_clip, is_video, read_clip
from elman.data.video.stack import Stack, is_stack, open_stack

__all__ = ["Clips", "Entry", "find_clips", "listed_clips", "looks_like_clips"]

Part = Literal["train", "valid", "test"]
NAMES = {
    "path": (
        *("path", "file", "filename", "file_name", "video", "clip", "video_path"),
        *("image", "image_path"),
    ),
    "label": ("label", "activity", "action", "class", "category", "target"),
    "caption": ("caption", "text", "description", "sentence"),
    "group": ("group", "subject", "person", "patient", "actor", "session"),
    "split": ("split", "part", "subset"),
    "start_s": ("start_s", "start"),
    "end_s": ("end_s", "end"),
}
"""Usual names of the columns of a manifest, and of the arrays of an NPZ."""
PARTS: dict[str, Part] = {
    **{"train": "train", "training": "train"},
    **{"valid": "valid", "validation": "valid", "val": "valid", "dev": "valid"},
    **{"test": "test", "testing": "test"},
}
MANIFESTS = ("clips.csv", "manifest.csv")
"""A folder with one of these is what it says."""


class Entry(NamedTuple):
    """One clip, and what the set says of it; an empty text is what it does not say.

    Args:
        name: What it is called in messages and results.
        path: Where its frames are; empty if they are stacked.
        label: Its class.
        caption: What is seen, in words.
        group: Who or what is seen.
        part: The part of the data that it is for, if the set decides.
        start_s: Where in the file it begins.
        end_s: Where it ends; None: with the file.
    """

    name: str
    path: str = ""
    label: str = ""
    caption: str = ""
    group: str = ""
    part: Part | None = None
    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True)
class Clips:
    """Clips of one set, in its order.

    Args:
        name: The folder or file that says what belongs to it.
        entries: What is known of each.
        config: How they are read.
        stack: Frames of all of them, if they come so.
        rows: Which clip of the stack each entry is.
    """

    name: str
    entries: tuple[Entry, ...]
    config: VideoConfig
    stack: Stack | None = None
    rows: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def read(self, k: int, *, fine: bool = False) -> Clip:
        """Return the frames of clip ``k`` that are looked at.

        Args:
            k: Its place in the set.
            fine: Also what training may draw instead.

        Raises:
            BrokenClip: If it is damaged or cut off.
        """
        entry = self.entries[k]
        if self.stack is not None:
            return self.stack.clip(self.rows[k], self.config, fine=fine)
        return read_clip(
            entry.path, self.config, start_s=entry.start_s, end_s=entry.end_s, fine=fine
        )

    def chosen(self, places: Iterable[int]) -> Clips:
        """Return some of them."""
        places = [int(k) for k in places]
        rows = tuple(self.rows[k] for k in places) if self.rows else ()
        return replace(self, entries=tuple(self.entries[k] for k in places), rows=rows)

    def said(self, what: Literal["label", "caption"]) -> list[str]:
        """Return the label or the caption of each clip.

        Raises:
            DataError: If some have none.
        """
        texts = [getattr(entry, what).strip() for entry in self.entries]
        if missing := [e.name for e, text in zip(self.entries, texts, strict=True) if not text]:
            where = "all clips" if len(missing) == len(texts) else listed(missing, 5)
            raise DataError(
                f"{self.name}: no {what} for {where}. Expected a column such as "
                f"{' or '.join(NAMES[what][:2])} in a manifest"
                + (", or a folder for each class" if what == "label" else "")
            )
        return texts


def find_clips(data: str, config: VideoConfig) -> Clips:
    """Return what belongs to a set; no frame is read.

    Args:
        data: A folder with a folder for each class, or with a ``clips.csv``; a manifest; an NPZ.
        config: How clips are read, and what columns are called.

    Raises:
        DataError: If it is none of these, or files are missing: all of them are listed.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("jump", "run"):
        ...     (folder / name).mkdir()
        ...     np.save(folder / name / "1.npy", np.zeros((5, 8, 8), np.uint8))
        >>> clips = find_clips(str(folder), VideoConfig())
        >>> [entry.label for entry in clips.entries], clips.read(0).seen().shape
        (['jump', 'run'], (2, 8, 8, 1))
    """
    path = Path(data)
    if not path.exists():
        raise DataError(f"{data}: there is no such file or folder")
    if path.is_dir():
        for name in MANIFESTS:
            if (path / name).is_file():
                return from_manifest(path / name, config)
        return from_folder(path, config)
    if is_array_file(path):
        return from_stack(path, config)
    if is_video(path):
        raise DataError(
            f"{data} is one clip; expected many to learn from: a folder with a folder for each "
            "class, or a table with the columns path and label (or caption)"
        )
    return from_manifest(path, config)


def from_folder(folder: Path, config: VideoConfig) -> Clips:
    """Return the clips in a folder for each class."""
    entries = [
        Entry(f"{kind.name}/{path.name}", str(path), kind.name)
        for kind in seen(folder)
        if kind.is_dir()
        for path in seen(kind)
        if is_clip(path)
    ]
    if not entries:
        raise DataError(
            f"{folder}: holds no clips. Expected a folder for each class with clips in it "
            f"({folder}/jump/1.mp4), or a manifest {folder}/{MANIFESTS[0]}"
        )
    return Clips(str(folder), tuple(entries), config)


def from_manifest(path: Path, config: VideoConfig) -> Clips:
    """Return the clips that a table names; file names are seen from the table's folder."""
    table = open_table(str(path), encoding=config.encoding)
    columns = {what: column(table, what, config) for what in NAMES}
    if columns["path"] is None:
        raise DataError(
            f"{path}: no column that names the files. Expected one called "
            f"{' or '.join(NAMES['path'][:3])}. Columns: {listed(table.columns)}"
        )
    asked = {what: name for what, name in columns.items() if name is not None}
    rows = table.rows(list(asked.values()))
    entries = [as_entry(table, row, list(asked), path.parent) for row in rows]
    if not entries:
        raise DataError(f"{path}: names no clips")
    if missing := [entry.path for entry in entries if not Path(entry.path).exists()]:
        raise DataError(
            f"{path}: {len(missing):,} of {len(entries):,} files are not there: "
            f"{listed(missing)}. Names are seen from {path.parent.absolute()}"
        )
    return Clips(str(path), tuple(entries), config)


def column(table: Table, what: str, config: VideoConfig) -> str | None:
    """Return the column that holds something, or None."""
    if what in ("label", "group") and (name := getattr(config, what)) is not None:
        return table.find(name)
    return usual(table.columns, what)


def usual(names: Sequence[str], what: str) -> str | None:
    """Return the name that comes first among the usual ones."""
    known = {name.strip().lower().replace(" ", "_"): name for name in names}
    return next((known[name] for name in NAMES[what] if name in known), None)


def as_entry(table: Table, row: Row, keys: list[str], folder: Path) -> Entry:
    """Return what a row says."""
    values = dict(zip(keys, (value.strip() for value in row.values), strict=True))
    where = table.where(row.place)
    name = values["path"]
    if not name:
        raise DataError(f"{where}: no file is named")
    start = number(values.get("start_s", ""), f"{where}: start_s")
    end = number(values.get("end_s", ""), f"{where}: end_s")
    start = start or 0.0
    if start < 0 or (end is not None and end <= start):
        raise DataError(f"{where}: expected 0 <= start_s < end_s, got {start} and {end}")
    part = values.get("split", "")
    if part and part.lower() not in PARTS:
        raise DataError(f"{where}: split '{part}'; expected train, valid or test")
    piece = f" {start:g}-{'' if end is None else f'{end:g}'} s" if start or end is not None else ""
    return Entry(
        name + piece,
        str(folder / name),
        values.get("label", ""),
        values.get("caption", ""),
        values.get("group", ""),
        PARTS[part.lower()] if part else None,
        start,
        end,
    )


def number(text: str, what: str) -> float | None:
    """Return a time in seconds; nothing is None."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise DataError(f"{what}: expected seconds, got '{text}'")
    return value


def from_stack(path: Path, config: VideoConfig) -> Clips:
    """Return the clips whose frames are stacked in an NPZ."""
    stack = open_stack(path, config)
    facts = {}
    for what in ("label", "group", "caption", "split"):
        told = getattr(config, what, None)
        if told is not None and told not in stack.facts:
            raise DataError(
                f"{path}: no array '{told}' with a value for each of the {len(stack):,} clips. "
                f"There are: {listed(stack.facts) or 'none'}"
            )
        name = told or usual(list(stack.facts), what)
        facts[what] = stack.facts[name] if name else [""] * len(stack)
    entries = []
    for k in range(len(stack)):
        label, group, caption, part = (facts[w][k] for w in ("label", "group", "caption", "split"))
        if part and part.lower() not in PARTS:
            raise DataError(f"{path}: clip {k}: split '{part}'; expected train, valid or test")
        known = PARTS[part.lower()] if part else None
        entries.append(Entry(f"{path.name} clip {k}", "", label, caption, group, known))
    return Clips(str(path), tuple(entries), config, stack, tuple(range(len(stack))))


def looks_like_clips(data: str) -> bool:
    """Say whether a name is that of a set of video, by the names of a few of its files.

    Saved arrays in folders may be anything, and are not taken for video.
    """
    path = Path(data)
    if path.is_dir():
        for name in MANIFESTS:
            if (path / name).is_file():
                return looks_like_clips(str(path / name))
        some = (clip for kind in seen(path)[:3] if kind.is_dir() for clip in seen(kind)[:3])
        return any(is_clip(clip) and not is_array_file(clip) for clip in some)
    if path.suffix.lower() == ".npz" and path.is_file():
        return is_stack(path)
    if is_video(path):
        return True  # one alone is refused by whoever reads it
    if not (path.is_file() and looks_like_table(path)):
        return False
    try:
        table = open_table(data)
        column = usual(table.columns, "path")
        first = None if column is None else next(table.rows([column]), None)
    except DataError:
        return False  # whoever reads it says what is wrong
    if first is None:
        return False
    clip = path.parent / first.values[0].strip()
    return is_video(clip) or (clip.is_dir() and is_clip(clip))


def listed_clips(path: Path, config: VideoConfig) -> Iterator[str]:
    """Yield the clips that a manifest names, or the lines of any other file.

    Raises:
        DataError: If the file cannot be read, or names no clips.
    """
    if looks_like_table(path):
        table = open_table(str(path), encoding=config.encoding)
        name = usual(table.columns, "path")
        if name is None:
            raise DataError(
                f"{path}: no column that names the files. Expected one called "
                f"{' or '.join(NAMES['path'][:3])}. Columns: {listed(table.columns)}"
            )
        for row in table.rows([name]):
            yield str(path.parent / row.values[0].strip())
    else:
        yield from (line for line in read_lines(path, config.encoding) if line.strip())
