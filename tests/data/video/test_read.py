from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from elman._errors import ConfigError, DataError
from elman.data.video.config import VideoConfig
from elman.data.video.errors import BrokenClip
from elman.data.video.read import is_clip, read_clip, stream_frames
from tests.data.video.films import random_frames, write_film, write_image

FRAMES = random_frames(30)
CONFIG = VideoConfig(size=(16, 24))


def seen(path: Path, config: VideoConfig = CONFIG, **options: object) -> np.ndarray:
    return read_clip(path, config, **options).seen()[..., 0]  # type: ignore[arg-type]


def test_frames_are_sampled_by_time(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES, rate=30)
    assert np.array_equal(seen(path), FRAMES[1::3])  # the middles of tenths of a second
    times = [0.0, 0.1, 0.5, 0.55, 1.2]
    uneven = write_film(tmp_path / "b.mkv", FRAMES[:5], times=times)
    wanted = [0, 1, 1, 1, 1, *[3] * 7, 4]
    assert np.array_equal(seen(uneven)[:13], FRAMES[wanted])


def test_so_many_frames_of_the_whole(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES)
    config = CONFIG.model_copy(update={"frames": 6})
    assert np.array_equal(seen(path, config), FRAMES[2::5])
    part = seen(path, config, start_s=1.0, end_s=2.2)
    assert np.array_equal(part, FRAMES[11:22:2])


def test_a_part_of_a_file(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES)
    assert np.array_equal(seen(path, start_s=0.5, end_s=1.5), FRAMES[5:15])
    assert np.array_equal(seen(path, start_s=2.5), FRAMES[25:])
    with pytest.raises(BrokenClip, match=r"a\.mkv: holds no frame after 9\.00 s"):
        seen(path, start_s=9.0)
    with pytest.raises(BrokenClip, match="ends at 3"):
        seen(path, CONFIG.model_copy(update={"frames": 4}), start_s=9.0)


def test_no_more_frames_than_the_limit(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES)
    clip = read_clip(path, CONFIG.model_copy(update={"max_frames": 7}))
    assert len(clip) == 7 and clip.left_out


def test_what_training_may_draw_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES, rate=30)
    assert len(read_clip(path, CONFIG).frames) == 10
    clip = read_clip(path, CONFIG, fine=True)
    assert len(clip.frames) == 30 and np.array_equal(clip.seen()[..., 0], FRAMES[1::3])
    still = CONFIG.model_copy(update={"jitter": False})
    assert len(read_clip(path, still, fine=True).frames) == 10


def test_a_stream_shows_what_the_whole_does(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES, rate=24)
    streamed = list(stream_frames(str(path), CONFIG))
    assert np.array_equal(np.stack([f for _, f in streamed])[..., 0], seen(path))
    assert [t for t, _ in streamed] == pytest.approx([(k + 1) / 10 for k in range(len(streamed))])


def test_saved_frames_stream_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", FRAMES)
    streamed = [f for _, f in stream_frames(str(tmp_path / "a.npy"), CONFIG)]
    assert np.array_equal(np.stack(streamed)[..., 0], seen(tmp_path / "a.npy"))


def test_a_stream_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(path.read_bytes())))
    assert len(list(stream_frames("-", CONFIG))) == 30


def test_a_stream_has_no_whole_to_spread_frames_over(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="frames_per_s instead"):
        next(stream_frames(str(tmp_path / "a.mkv"), VideoConfig(frames=5)))


def test_the_good_frames_of_a_damaged_stream_come_first(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES)
    path.write_bytes(path.read_bytes()[:-4000])
    got = 0
    with pytest.raises(BrokenClip):
        for _ in stream_frames(str(path), CONFIG):
            got += 1
    assert got > 10


def test_what_is_a_clip(tmp_path: Path) -> None:
    images = tmp_path / "frames"
    images.mkdir()
    assert not is_clip(images)
    write_image(images / "1.png", FRAMES[0])
    assert is_clip(images) and is_clip(tmp_path / "a.MOV") and is_clip(tmp_path / "a.npy")
    assert not is_clip(tmp_path / "a.txt") and not is_clip(tmp_path / "._a.mp4")
    assert seen(images).shape == (1, 16, 24)  # a single picture is a clip of one step
    with pytest.raises(DataError, match="no such file"):
        seen(tmp_path / "none.mp4")
