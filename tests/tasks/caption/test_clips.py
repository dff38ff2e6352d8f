"""Windows of a video that goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman._errors import ConfigError, DataError
from elman.data.video.config import VideoConfig
from elman.tasks.caption.clips import windows
from tests.data.video.films import flat_frames, random_frames, write_film

CONFIG = VideoConfig(size=(16, 24))
SHAPE = (16, 24, 1)


def test_windows_look_back_and_end_with_what_is_left(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", flat_frames(range(0, 250, 10)))  # 25 frames, 2.5 s
    found = list(windows(str(film), CONFIG, 1.0, 0.5, SHAPE))
    assert [round(clip.until_s or 0, 3) for clip in found] == [1.0, 2.0, 2.5]
    levels = [clip.clip.seen()[:, 0, 0, 0].tolist() for clip in found]
    assert levels == [[50, 60, 70, 80, 90], [150, 160, 170, 180, 190], [200, 210, 220, 230, 240]]


def test_a_window_may_be_longer_than_the_time_between(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", flat_frames(range(20)))
    lengths = [len(clip.clip) for clip in windows(str(film), CONFIG, 0.5, 1.2, SHAPE)]
    assert lengths == [5, 10, 12, 12]


def test_what_was_good_of_a_damaged_stream_is_told(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", random_frames(40))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    found = windows(str(cut), CONFIG, 0.5, 1.0, SHAPE)
    assert next(found).until_s == pytest.approx(0.5)
    with pytest.raises(DataError, match="cut"):
        list(found)


def test_windows_need_frames_by_time(tmp_path: Path) -> None:
    film = str(write_film(tmp_path / "a.mkv", random_frames(12)))
    with pytest.raises(ConfigError, match="spreads frames over a whole clip"):
        next(windows(film, CONFIG.model_copy(update={"frames": 4}), 1.0, 1.0, SHAPE))
    with pytest.raises(ConfigError, match="0.01 s hold no frame; one is looked at every 0.1 s"):
        next(windows(film, CONFIG, 1.0, 0.01, SHAPE))


def test_frames_of_another_kind_are_refused(tmp_path: Path) -> None:
    film = str(write_film(tmp_path / "a.mkv", random_frames(12)))
    with pytest.raises(DataError, match=r"frames of \(16, 24, 1\), but .* trained on \(8,\)"):
        next(windows(film, CONFIG, 0.5, 1.0, (8,)))
