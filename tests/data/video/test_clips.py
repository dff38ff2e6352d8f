from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.video.clips import find_clips, listed_clips, looks_like_clips
from elman.data.video.config import VideoConfig
from tests.data.video.films import random_frames, write_film, write_image

FRAMES = random_frames(10)
CONFIG = VideoConfig(size=(16, 24))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes: films, and a film that is a folder of images."""
    for kind, count in (("jump", 2), ("run", 1)):
        (tmp_path / kind).mkdir()
        for k in range(count):
            write_film(tmp_path / kind / f"{k}.mkv", FRAMES[k:])
    (tmp_path / "run" / "images").mkdir()
    for k in range(3):
        write_image(tmp_path / "run" / "images" / f"{k}.png", FRAMES[k])
    (tmp_path / "run" / "notes.txt").write_text("not a clip")
    return tmp_path


def test_a_folder_for_each_class(folder: Path) -> None:
    clips = find_clips(str(folder), CONFIG)
    assert [e.name for e in clips.entries] == [
        "jump/0.mkv",
        "jump/1.mkv",
        "run/0.mkv",
        "run/images",
    ]
    assert clips.said("label") == ["jump", "jump", "run", "run"]
    assert np.array_equal(clips.read(1).seen()[..., 0], FRAMES[1:])
    assert len(clips.chosen([3, 0])) == 2 and clips.chosen([3]).entries[0].label == "run"


def test_a_manifest_says_all_there_is_to_say(folder: Path) -> None:
    manifest = folder / "clips.csv"
    manifest.write_text(
        "file,action,caption,subject,split,start_s,end_s\n"
        "jump/0.mkv,leap,a leap,ann,train,,\n"
        "run/0.mkv,dash,a dash,bob,dev,0.2,0.6\n"
    )
    for data in (manifest, folder):  # a folder with a clips.csv is what that says
        clips = find_clips(str(data), CONFIG)
        first, second = clips.entries
        assert (first.label, first.caption, first.group, first.part) == (
            "leap",
            "a leap",
            "ann",
            "train",
        )
        assert (second.part, second.start_s, second.end_s) == ("valid", 0.2, 0.6)
        assert second.name == "run/0.mkv 0.2-0.6 s"
        assert np.array_equal(clips.read(1).seen()[..., 0], FRAMES[2:6])
    assert clips.said("caption") == ["a leap", "a dash"]
    named = CONFIG.model_copy(update={"label": "subject"})
    assert find_clips(str(manifest), named).said("label") == ["ann", "bob"]


def test_all_missing_files_are_listed_at_once(folder: Path) -> None:
    manifest = folder / "m.csv"
    manifest.write_text("path,label\njump/0.mkv,a\nnone1.mp4,b\nnone2.mp4,b\n")
    with pytest.raises(DataError, match=r"2 of 3 files are not there: .*none1.mp4, .*none2.mp4"):
        find_clips(str(manifest), CONFIG)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label\na\n", "no column that names the files"),
        ("path,label\n,a\n", "line 2: no file is named"),
        ("path,split\njump/0.mkv,later\n", "split 'later'"),
        ("path,start_s\njump/0.mkv,soon\n", "expected seconds, got 'soon'"),
        ("path,start_s,end_s\njump/0.mkv,2,1\n", "0 <= start_s < end_s"),
    ],
)
def test_mistakes_in_a_manifest_are_named(folder: Path, text: str, message: str) -> None:
    (folder / "m.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        find_clips(str(folder / "m.csv"), CONFIG)


def test_labels_that_are_missing_are_named(folder: Path) -> None:
    (folder / "m.csv").write_text("path,label\njump/0.mkv,\njump/1.mkv,up\n")
    with pytest.raises(DataError, match=r"no label for jump/0.mkv"):
        find_clips(str(folder / "m.csv"), CONFIG).said("label")
    with pytest.raises(DataError, match=r"no caption for all clips"):
        find_clips(str(folder), CONFIG).said("caption")


def test_a_stack_names_labels_and_groups(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, X=FRAMES, lengths=[4, 6], action=[3, 5], subject=[1, 2], trial=[9, 9])
    clips = find_clips(str(path), VideoConfig(source_frames_per_s=10))
    assert clips.said("label") == ["3", "5"] and clips.entries[1].group == "2"
    assert np.array_equal(clips.chosen([1]).read(0).seen()[..., 0], FRAMES[4:])
    with pytest.raises(DataError, match="no array 'kind'"):
        find_clips(str(path), VideoConfig(label="kind"))


def test_what_is_no_set_of_clips(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        find_clips(str(tmp_path / "none"), CONFIG)
    with pytest.raises(DataError, match="holds no clips"):
        find_clips(str(tmp_path), CONFIG)


def test_sets_of_video_are_told_by_their_names(folder: Path) -> None:
    assert looks_like_clips(str(folder))
    manifest = folder / "m.csv"
    manifest.write_text("path,label\njump/0.mkv,a\n")
    assert looks_like_clips(str(manifest))
    manifest.write_text("path,label\nsounds/0.wav,a\n")
    assert not looks_like_clips(str(manifest))
    manifest.write_text("text,label\nhello,a\n")
    assert not looks_like_clips(str(manifest))
    texts = folder / "texts"
    (texts / "good").mkdir(parents=True)
    (texts / "good" / "1.txt").write_text("fine")
    assert not looks_like_clips(str(texts)) and not looks_like_clips("names")
    np.savez(folder / "a.npz", X=FRAMES, lengths=[4, 6], action=[3, 5])
    assert looks_like_clips(str(folder / "a.npz"))


def test_files_that_a_manifest_or_a_list_names(folder: Path) -> None:
    (folder / "m.csv").write_text("label,path\na,jump/0.mkv\nb,run/0.mkv\n")
    wanted = [str(folder / "jump/0.mkv"), str(folder / "run/0.mkv")]
    assert list(listed_clips(folder / "m.csv", CONFIG)) == wanted
    (folder / "list.txt").write_text("\n".join([*wanted, "", ""]))
    assert list(listed_clips(folder / "list.txt", CONFIG)) == wanted


def test_one_clip_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "one.mp4").write_bytes(b"whatever")
    assert looks_like_clips(str(tmp_path / "one.mp4"))
    with pytest.raises(DataError, match="one.mp4 is one clip; expected many to learn from"):
        find_clips(str(tmp_path / "one.mp4"), VideoConfig())
