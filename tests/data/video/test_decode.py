from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError, ElmanWarning
from elman.data.video.clips import find_clips
from elman.data.video.config import VideoConfig
from elman.data.video.decode import Cache, checked
from elman.data.video.sampling import Clip
from tests.data.video.films import random_frames, write_film

CONFIG = VideoConfig(size=(16, 24))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for k in range(6):
        kind = tmp_path / ("a" if k % 2 else "b")
        kind.mkdir(exist_ok=True)
        film = random_frames(4 + k, seed=k)
        write_film(kind / f"{k}.mp4", film, codec="libx264", pixels="yuv420p")
    return tmp_path


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_lengths_and_frames_are_those_of_the_clips(folder: Path) -> None:
    clips = find_clips(str(folder), CONFIG)
    told: list[tuple[int, int, str]] = []
    found = checked(clips, Cache(1 << 30), progress=lambda *at: told.append(at))
    assert found.lengths.tolist() == [5, 7, 9, 4, 6, 8] and found.shape == (16, 24, 1)
    for k in range(len(found)):
        assert np.array_equal(found[k].seen(), clips.read(k).seen())
    assert told[-1] == (6, 6, "clips") and not found.broken


def test_broken_clips_are_left_out_named_and_counted(folder: Path) -> None:
    sound = checked(find_clips(str(folder), CONFIG), Cache(0))
    path = folder / "a" / "3.mp4"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.warns(ElmanWarning, match=r"left out: .*3\.mp4") as warned:
        found = checked(find_clips(str(folder), CONFIG), Cache(0))
    assert len(warned) == 1 and len(found) == 5 and len(found.broken) == 1
    assert "3.mp4" in found.broken[0] and [e.name for e in found.clips.entries][1] == "a/5.mp4"
    assert found.digest != sound.digest


def test_nothing_sound_is_an_error_that_names_the_first(folder: Path) -> None:
    for path in folder.rglob("*.mp4"):
        path.write_bytes(b"nothing")
    with pytest.warns(ElmanWarning), pytest.raises(DataError, match=r"none of 6 clips .*1\.mp4"):
        checked(find_clips(str(folder), CONFIG), Cache(0))


def test_clips_of_two_sizes_are_refused(tmp_path: Path) -> None:
    for k, width in enumerate((24, 20)):
        (tmp_path / str(k)).mkdir()
        np.save(tmp_path / str(k) / "a.npy", random_frames(5, 16, width))
    with pytest.raises(DataError, match=r"frames of \(16, 24, 1\) and 1/a.npy of \(16, 20, 1\)"):
        checked(find_clips(str(tmp_path), VideoConfig()), Cache(0))
    assert checked(find_clips(str(tmp_path), CONFIG), Cache(0)).shape == (16, 24, 1)


def test_the_digest_sees_every_frame_and_no_chance(folder: Path) -> None:
    digests = {
        checked(find_clips(str(folder), CONFIG), Cache(budget), fine=fine).digest
        for budget in (0, 1 << 30)
        for fine in (False, True)
    }
    assert len(digests) == 1
    write_film(folder / "a" / "1.mp4", random_frames(5, seed=99), codec="libx264", pixels="yuv420p")
    assert checked(find_clips(str(folder), CONFIG), Cache(0)).digest not in digests


def test_the_cache_keeps_what_fits() -> None:
    clip = Clip(np.zeros((10, 8, 8, 1), np.uint8), np.zeros((10, 1), np.int32))
    reads = []
    cache = Cache(2 * clip.nbytes)
    for _ in range(3):
        for key in "abc":
            cache.get(key, lambda key=key: reads.append(key) or clip)  # type: ignore[misc]
    assert reads == ["a", "b", "c", "c", "c"] and cache.nbytes == 2 * clip.nbytes


def test_a_part_that_is_too_large_for_the_cache_is_decoded_again(folder: Path) -> None:
    small = checked(find_clips(str(folder), CONFIG), Cache(3 * 16 * 24 * 5))
    large = checked(find_clips(str(folder), CONFIG), Cache(1 << 30))
    for k in range(6):
        assert np.array_equal(small[k].seen(), large[k].seen())


def test_no_handle_is_left_open(folder: Path) -> None:
    checked(find_clips(str(folder), CONFIG), Cache(0))
    before = handles()
    found = checked(find_clips(str(folder), CONFIG), Cache(0))
    for _ in range(5):
        for k in range(len(found)):
            found[k]
    assert handles() == before
