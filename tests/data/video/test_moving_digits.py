from __future__ import annotations

import csv
import hashlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.video.clips import find_clips
from elman.data.video.config import VideoConfig
from elman.data.video.moving_digits import (
    ACTIVITIES,
    FRAMES,
    RATE,
    SIZE,
    draw,
    encode,
    invent,
    make_moving_digits,
    scans,
    split_scans,
)
from elman.data.video.read import read_clip

pytest.importorskip("sklearn")
pytest.importorskip("av")

IMAGES, TARGETS = scans()
OWN = np.arange(len(TARGETS))


def paths(activity: str, count: int = 40) -> list[tuple[np.ndarray, ...]]:
    rngs = (np.random.default_rng([1, k]) for k in range(count))
    scenes = (invent(activity, OWN, TARGETS, rng) for rng in rngs)
    return [tuple(mover.path for mover in scene.movers) for scene in scenes]


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_digits_stay_in_the_picture(activity: str) -> None:
    for movers in paths(activity):
        for path in movers:
            half = path[:, 2:] / 2
            assert (path[:, :2] - half).min() >= -1e-9
            assert (path[:, :2] + half).max() <= SIZE + 1e-9


@pytest.mark.parametrize(
    ("activity", "way"), [("left", (0, -1)), ("right", (0, 1)), ("up", (-1, 0)), ("down", (1, 0))]
)
def test_directions_are_what_they_say(activity: str, way: tuple[int, int]) -> None:
    for (path,) in paths(activity):
        moved = path[-1, :2] - path[0, :2]
        assert np.array_equal(np.sign(moved.round(9)), way) and np.abs(moved).max() > 20


def test_the_other_activities_are_what_they_say() -> None:
    for (path,) in paths("still"):
        assert np.ptp(path, axis=0).max() == 0
    for (path,) in paths("grow"):
        assert (np.diff(path[:, 2]) > 0).all() and np.ptp(path[:, :2], axis=0).max() == 0
    for (path,) in paths("shrink"):
        assert (np.diff(path[:, 2]) < 0).all()
    for (path,) in paths("circle"):
        middle = (path.max(0) + path.min(0))[:2] / 2
        assert np.abs(np.linalg.norm(path[:, :2] - middle, axis=1) - 9).max() < 1
    for (path,) in paths("bounce"):
        turns = np.diff(np.sign(np.diff(path[:, 0])))
        assert (turns != 0).sum() >= 2 and np.ptp(path[:, 1]) == 0


def test_two_digits_never_cover_each_other() -> None:
    for activity in ("together", "scatter"):
        for one, other in paths(activity):
            assert (one[:, 1] + one[:, 2] / 2 <= other[:, 1] - other[:, 2] / 2 + 1e-9).all()
            same = np.array_equal(*(np.sign((p[-1, :2] - p[0, :2]).round(9)) for p in (one, other)))
            assert same == (activity == "together")


def test_captions_say_what_is_seen() -> None:
    word = "(zero|one|two|three|four|five|six|seven|eight|nine)"
    way = "(left|right|up|down)"
    forms = {
        "together": f"an? {word} and an? {word} move {way}",
        "scatter": f"an? {word} moves {way} and an? {word} moves {way}",
        "circle": f"the digit {word} moves in a circle",
        "left": f"the digit {word} moves left",
        "grow": f"the digit {word} grows",
    }
    for activity, form in forms.items():
        for k in range(20):
            scene = invent(activity, OWN, TARGETS, np.random.default_rng(k))
            assert re.fullmatch(form, scene.caption), scene.caption
            assert "a eight" not in scene.caption and scene.activity == activity


def test_no_scan_is_in_two_parts() -> None:
    own = split_scans(np.random.default_rng(0).permutation(1797))
    together = np.concatenate(list(own.values()))
    assert len(np.unique(together)) == len(together) == 1797
    assert [len(part) for part in own.values()] == [1438, 179, 180]


def test_what_is_drawn_survives_the_codec(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    frames = draw(invent("right", OWN, TARGETS, rng), IMAGES, rng)
    encode(tmp_path / "a.mp4", frames)
    clip = read_clip(tmp_path / "a.mp4", VideoConfig(frames_per_s=RATE))
    assert len(clip) == FRAMES
    error = np.abs(clip.seen().astype(float) - np.stack(frames))
    assert (
        error.mean() < 6 and np.corrcoef(clip.seen().ravel(), np.stack(frames).ravel())[0, 1] > 0.98
    )


def test_a_set_can_be_made_anywhere_and_is_the_same_for_a_seed(tmp_path: Path) -> None:
    told = []
    manifest = make_moving_digits(
        tmp_path / "a", 33, seed=5, progress=lambda done, *_: told.append(done)
    )
    rows = list(csv.DictReader(manifest.read_text().splitlines()))
    assert len(rows) == 33 == told[-1] and {row["activity"] for row in rows} == set(ACTIVITIES)
    assert [sum(row["split"] == part for row in rows) for part in ("train", "valid", "test")] == [
        27, 3, 3,
    ]  # fmt: skip
    clips = find_clips(str(tmp_path / "a"), VideoConfig())
    assert clips.said("label") == [row["activity"] for row in rows]
    assert clips.said("caption") == [row["caption"] for row in rows]

    def digest(folder: Path) -> str:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    make_moving_digits(tmp_path / "b", 33, seed=5)
    make_moving_digits(tmp_path / "c", 33, seed=6)
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_what_cannot_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="at least 22"):
        make_moving_digits(tmp_path / "a", 3)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").write_text("do not touch")
    with pytest.raises(DataError, match="is not empty"):
        make_moving_digits(tmp_path / "b", 30)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match=r"elman\[demo,video\]"):
        make_moving_digits(tmp_path / "c", 30)
    assert not (tmp_path / "c").exists()
