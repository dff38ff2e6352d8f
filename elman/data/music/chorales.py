"""The chorales of Johann Sebastian Bach that the package music21 carries, as one file of ABC.

The package is looked up, never imported: its files are read here, and only the four voices of
the choir. The text is made once and kept in the cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from elman._files import atomic_write, cache_dir, sha256
from elman.data.music.abc_writer import abc_text
from elman.data.music.musicxml import read_musicxml
from elman.data.music.score import Track
from elman.data.package import Package

__all__ = ["MUSIC21", "chorales"]

MUSIC21 = Package("music21")
VOICES = ("soprano", "alto", "tenor", "bass")
CHOIR = 52
"""The program "choir" of General MIDI, from 0."""
FORM = 2
"""To be raised when the text that is made of the files changes."""


def chorales(progress: Callable[[int, int, str], None] | None = None) -> Iterator[str]:
    """Yield the chorales as ABC tunes, by their number in the catalogue of Bach's works.

    Raises:
        DataError: If music21 is not installed.
    """
    folder = MUSIC21.file("corpus", "bach")
    paths = sorted(folder.glob("bwv*.mxl"), key=lambda path: by_number(path.stem))
    listing = "\n".join(f"{path.name} {path.stat().st_size}" for path in paths)
    kept = cache_dir() / "music" / f"chorales-{FORM}-{sha256(listing.encode())[:12]}.abc"
    if kept.exists():
        yield kept.read_text(encoding="utf-8")
        return
    tunes: list[str] = []
    for done, path in enumerate(paths, 1):
        heard: list[str] = []

        def is_voice(name: str, heard: list[str] = heard) -> bool:
            """Take each voice once, whatever doubles it."""
            voice = name.lower().split()[0] if name.split() else ""
            if voice not in VOICES or voice in heard:
                return False
            heard.append(voice)
            return True

        score = read_musicxml(path.read_bytes(), path, is_voice)
        if len(heard) == len(VOICES):
            choir = Track(CHOIR, tuple(n for track in score.tracks for n in track.notes))
            score = replace(score, tracks=(choir,))
            title = path.stem.upper().replace("BWV", "BWV ")
            tunes.append(abc_text(score, title, len(tunes) + 1) + "\n")
        if progress is not None:
            progress(done, len(paths), "reading chorales")
    kept.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(tunes)
    atomic_write(kept, text.encode())
    yield text


def by_number(name: str) -> list[tuple[int, str]]:
    """Return what sorts names so that 9 comes before 10."""
    return [(int(digits or 0), rest) for digits, rest in re.findall(r"([0-9]*)([^0-9]*)", name)]
