"""Folders of music of many kinds; what is damaged is named and counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.music.abc_writer import abc_text
from elman.data.music.config import MusicConfig
from elman.data.music.midi import midi_bytes
from elman.data.music.pieces import melody, read_music, read_music_sets
from elman.data.music.score import Score, moved
from tests.data.music.test_musicxml import document, note
from tests.data.music.tunes import scale

CONFIG = MusicConfig()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(6):
        style = tmp_path / ("waltz" if number % 2 else "march")
        style.mkdir(exist_ok=True)
        path = style / f"{number}.mid"
        path.write_bytes(midi_bytes(scale(50 + number, ticks=10 + number)))
    (tmp_path / "book.abc").write_text(abc_text(scale(61)) + "\n" + abc_text(scale(70), number=2))
    (tmp_path / "a.musicxml").write_bytes(document(note("C", 4, 8)))
    (tmp_path / "waltz" / "broken.mid").write_bytes(b"MThd and no more")
    (tmp_path / "march" / "empty.mid").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no music")
    return tmp_path


def test_a_folder_of_many_kinds(folder: Path) -> None:
    told: list[tuple[int, int, str]] = []
    found = read_music(str(folder), CONFIG, lambda *step: told.append(step))
    assert [piece.name for piece in found.pieces] == [
        "a.musicxml",
        *("book.abc", "book.abc"),
        *("march/0.mid", "march/2.mid", "march/4.mid"),
        *("waltz/1.mid", "waltz/3.mid", "waltz/5.mid"),
    ]
    assert [piece.style for piece in found.pieces[2:5]] == ["", "march", "march"]
    assert told[-1] == (10, 10, "reading music")
    assert len(found.broken) == 2
    [note] = found.notes()
    assert note.startswith("2 damaged files left out: march/empty.mid: ")
    assert "waltz/broken.mid: " in note


def test_pieces_that_differ_in_key_alone_are_one(folder: Path) -> None:
    found = read_music(str(folder), CONFIG, doubles=False)
    # a scale is a scale, whatever its key and its ticks
    assert [piece.name for piece in found.pieces] == ["a.musicxml", "book.abc"]
    assert found.doubles == 7
    assert any("7 pieces left out" in note for note in found.notes())
    assert melody(scale(60)) == melody(moved(scale(60), 5)) != melody(Score(1, (), 0))


def test_a_single_damaged_file_is_an_error(folder: Path) -> None:
    with pytest.raises(DataError, match=r"broken.mid: expected a Standard MIDI file"):
        read_music(str(folder / "waltz" / "broken.mid"), CONFIG)


@pytest.mark.parametrize(
    ("name", "message"),
    [("nothing", "no such file or folder"), ("notes.txt", "begins with MThd")],
)
def test_what_is_not_there_or_no_music(folder: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_music(str(folder / name), CONFIG)


def test_a_folder_without_music(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no music in it; known are files that end in .mid"):
        read_music(str(tmp_path), CONFIG)
    (tmp_path / "broken.mid").write_bytes(b"?")
    with pytest.raises(DataError, match="expected pieces with notes: 1 damaged files"):
        read_music(str(tmp_path), CONFIG)


def test_pieces_without_notes_are_counted(tmp_path: Path) -> None:
    (tmp_path / "rest.abc").write_text("X:1\nK:C\nz4\n\nX:2\nK:C\nC\n")
    found = read_music(str(tmp_path), CONFIG)
    assert len(found.pieces) == 1 and found.notes() == ["1 pieces without notes left out"]


def test_text_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    path.write_bytes("X:1\nT:Früh\nK:C\nC\n".encode("latin-1"))
    with pytest.raises(DataError, match="not utf-8 text at byte 8; give --music.encoding"):
        read_music(str(path), CONFIG)
    [piece] = read_music(str(path), MusicConfig(encoding="latin-1")).pieces
    assert piece.name == "a.abc: Früh"


def book(path: Path, count: int, first: int = 0) -> Path:
    tunes = []
    for number in range(first, first + count):
        letters = "".join("CDEFGAB"[(number >> shift) % 7] for shift in range(6))
        tunes.append(f"X:{number}\nT:{number}\nL:1/4\nK:C\nCEG{letters}c/{number + 2}\n")
    path.write_text("\n".join(tunes))
    return path


def test_a_split_by_chance_is_the_same_for_a_seed(tmp_path: Path) -> None:
    path = str(book(tmp_path / "book.abc", 20))
    sets = read_music_sets(path, CONFIG)
    assert [len(part) for part in (sets.train, sets.valid, sets.test)] == [16, 2, 2]
    again = read_music_sets(path, CONFIG)
    assert again == sets
    other = read_music_sets(path, MusicConfig(split_seed=1))
    assert other.fingerprint != sets.fingerprint


def test_other_files_can_be_held_out(tmp_path: Path) -> None:
    path, other = book(tmp_path / "book.abc", 10), book(tmp_path / "other.abc", 3, 100)
    sets = read_music_sets(str(path), MusicConfig(valid=str(other), test_fraction=0.0))
    assert (len(sets.train), len(sets.valid), len(sets.test)) == (10, 3, 0)


def test_a_file_that_has_parts_keeps_them(tmp_path: Path) -> None:
    frames = np.eye(6, 88, dtype=np.uint8)
    parts = {f"{part}_frames": frames for part in ("train", "valid", "test")}
    lengths = {f"{part}_lengths": [2, 4] for part in ("train", "valid", "test")}
    np.savez(tmp_path / "rolls.npz", **parts, **lengths)
    config = MusicConfig(form="roll", steps_per_beat=1)
    sets = read_music_sets(str(tmp_path / "rolls.npz"), config)
    assert [len(part) for part in (sets.train, sets.valid, sets.test)] == [2, 2, 2]
    assert sets.train[1].name == "rolls.npz: train 2" and sets.train[1].score.length == 4
    assert sets.notes == []  # doubles stay where the file's author put them
