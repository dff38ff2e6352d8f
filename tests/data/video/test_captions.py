"""Captioned clips: each once, with all that people said of it, in one part alone."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError, ElmanWarning
from elman.data.video.captions import find_captioned, read_caption_sets, read_told
from elman.data.video.captions_config import CaptionedConfig
from elman.data.video.decode import Cache
from tests.data.video.films import random_frames, write_film, write_image

CONFIG = CaptionedConfig(source_frames_per_s=10, size=(8, 8))


def write(folder: Path, rows: list[tuple[str, ...]], clips: int = 4) -> Path:
    """Write a manifest and as many clips as are named by numbers."""
    for k in range(clips):
        frames = np.random.default_rng(k).integers(0, 255, (3 + k, 8, 8), dtype=np.uint8)
        np.save(folder / f"{k}.npy", frames)
    with (folder / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder


def named(*rows: tuple[str, ...], head: tuple[str, ...] = ("file", "caption")) -> list:
    return [head, *rows]


def test_a_clip_that_stands_there_twice_has_two_captions(tmp_path: Path) -> None:
    rows = named(("0.npy", "a dog"), ("1.npy", "a cat"), ("0.npy", " the \n dog "))
    clips, captions = find_captioned(str(write(tmp_path, rows)), CONFIG)
    assert [entry.name for entry in clips.entries] == ["0.npy", "1.npy"]
    assert captions == {"0.npy": ("a dog", "the dog"), "1.npy": ("a cat",)}


def test_pieces_of_one_file_are_clips_of_their_own(tmp_path: Path) -> None:
    head = ("file", "caption", "start_s", "end_s")
    rows = named(("3.npy", "a", "0", "0.3"), ("3.npy", "b", "0.3", ""), head=head)
    clips, captions = find_captioned(str(write(tmp_path, rows)), CONFIG)
    assert list(captions.values()) == [("a",), ("b",)]
    told = read_told(clips, captions, Cache(0))
    assert told.clips.lengths.tolist() == [3, 3]


def test_any_column_may_hold_the_captions(tmp_path: Path) -> None:
    rows = named(("0.npy", "en", "de"), head=("file", "caption", "deutsch"))
    data = str(write(tmp_path, rows))
    assert find_captioned(data, CONFIG)[1] == {"0.npy": ("en",)}
    german = CONFIG.model_copy(update={"caption": "deutsch"})
    assert find_captioned(data, german)[1] == {"0.npy": ("de",)}
    with pytest.raises(DataError, match="has no column 'english'.*Columns: file, caption, deutsch"):
        find_captioned(data, CONFIG.model_copy(update={"caption": "english"}))


@pytest.mark.parametrize("text", ["", "  "])
def test_a_clip_without_a_caption_is_named(tmp_path: Path, text: str) -> None:
    rows = named(("0.npy", "a dog"), ("1.npy", text))
    with pytest.raises(DataError, match="no caption for 1.npy"):
        find_captioned(str(write(tmp_path, rows)), CONFIG)


def test_a_set_without_captions_says_what_is_missing(tmp_path: Path) -> None:
    rows = named(("0.npy", "dog"), head=("file", "kind"))
    with pytest.raises(DataError, match="no caption for all clips. Expected a column such as capt"):
        find_captioned(str(write(tmp_path, rows)), CONFIG)


def test_a_clip_is_in_one_part(tmp_path: Path) -> None:
    head = ("file", "caption", "split")
    rows = named(("0.npy", "a", "train"), ("0.npy", "b", "test"), head=head)
    with pytest.raises(DataError, match="0.npy stands in two parts: train, test"):
        find_captioned(str(write(tmp_path, rows)), CONFIG)


def test_the_set_says_which_part_a_clip_is_for(tmp_path: Path) -> None:
    head = ("file", "caption", "split")
    rows = named(("0.npy", "a", "train"), ("1.npy", "b", "test"), ("2.npy", "c", "val"), head=head)
    sets = read_caption_sets(str(write(tmp_path, rows)), CONFIG)
    assert sets.train.names == ["0.npy"]
    assert sets.valid is not None and sets.valid.captions == (("c",),)
    assert sets.test is not None and sets.test.names == ["1.npy"]


def test_all_captions_of_a_clip_stay_together(tmp_path: Path) -> None:
    rows = named(*((f"{k}.npy", text) for k in range(10) for text in ("a", "b")))
    sets = read_caption_sets(str(write(tmp_path, rows, 10)), CONFIG)
    parts = [sets.train, sets.valid, sets.test]
    assert [len(part) for part in parts if part is not None] == [8, 1, 1]
    names = [name for part in parts if part is not None for name in part.names]
    assert sorted(names) == sorted(f"{k}.npy" for k in range(10))
    assert all(some == ("a", "b") for part in parts if part for some in part.captions)


def test_parts_may_have_files_of_their_own(tmp_path: Path) -> None:
    rows = named(("0.npy", "a"), ("1.npy", "b"))
    data = str(write(tmp_path, rows))
    for name, clip in (("v.csv", "2.npy"), ("t.csv", "3.npy")):
        (tmp_path / name).write_text(f"file,caption\n{clip},x\n")
    files = {"valid": str(tmp_path / "v.csv"), "test": str(tmp_path / "t.csv")}
    sets = read_caption_sets(data, CONFIG.model_copy(update=files))
    assert len(sets.train) == 2
    assert sets.valid is not None and sets.valid.names == ["2.npy"]
    assert sets.test is not None and sets.test.names == ["3.npy"]


def test_nothing_need_be_held_out(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"valid_fraction": 0.0, "test_fraction": 0.0})
    sets = read_caption_sets(str(write(tmp_path, named(("0.npy", "a")))), config)
    assert sets.valid is None and sets.test is None


def test_the_fingerprint_knows_frames_and_captions(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"valid_fraction": 0.0, "test_fraction": 0.0})

    def fingerprint() -> str:
        return read_caption_sets(str(tmp_path), config).fingerprint

    write(tmp_path, named(("0.npy", "a"), ("1.npy", "b")))
    first = fingerprint()
    assert fingerprint() == first
    write(tmp_path, named(("0.npy", "a"), ("1.npy", "c")))
    second = fingerprint()
    frames = np.load(tmp_path / "0.npy")
    frames[1, 2, 3] ^= 128
    np.save(tmp_path / "0.npy", frames)
    assert len({first, second, fingerprint()}) == 3


def test_broken_clips_are_named_counted_and_left_out(tmp_path: Path) -> None:
    write(tmp_path, named(("0.npy", "a"), ("1.npy", "b"), ("2.npy", "c")))
    (tmp_path / "1.npy").write_bytes(b"\x93NUMPY no more")
    config = CONFIG.model_copy(update={"valid_fraction": 0.0, "test_fraction": 0.0})
    with pytest.warns(ElmanWarning, match=r"left out: .*1\.npy"):
        sets = read_caption_sets(str(tmp_path), config)
    assert sets.train.captions == (("a",), ("c",))
    assert len(sets.broken) == 1 and "1.npy" in sets.broken[0]


def test_videos_and_pictures_stand_side_by_side(tmp_path: Path) -> None:
    write_film(tmp_path / "a.mkv", random_frames(12))
    write_image(tmp_path / "b.png", random_frames(1)[0])
    write_image(tmp_path / "c.jpg", random_frames(1)[0], "mjpeg")
    rows = named(("a.mkv", "a film"), ("b.png", "a picture"), ("c.jpg", "another"))
    clips, captions = find_captioned(str(write(tmp_path, rows, 0)), CONFIG)
    told = read_told(clips, captions, Cache(1 << 20))
    assert told.clips.lengths.tolist() == [12, 1, 1] and told.clips.shape == (8, 8, 1)


def test_a_table_of_pictures_with_five_captions_each(tmp_path: Path) -> None:
    """As well-known sets of pictures have it: the heading "image,caption", quotes where needed."""
    write_image(tmp_path / "1_a.jpg", random_frames(1)[0], "mjpeg")
    lines = [f'1_a.jpg,"A dog, number {k} ."' for k in range(5)]
    (tmp_path / "captions.txt").write_text("\n".join(["image,caption", *lines]) + "\n")
    clips, captions = find_captioned(str(tmp_path / "captions.txt"), CONFIG)
    assert len(clips) == 1 and captions["1_a.jpg"][4] == "A dog, number 4 ."
