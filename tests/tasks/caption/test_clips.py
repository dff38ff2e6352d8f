"""Clips as the command is given them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from elman._errors import ConfigError, DataError, ElmanWarning
from elman.data.video.captions_config import CaptionedConfig
from elman.data.video.read import read_clip
from elman.tasks.caption.clips import named_clips, windows
from tests.data.video.films import flat_frames, random_frames, write_film, write_image

CONFIG = CaptionedConfig(size=(16, 24))
SHAPE = (16, 24, 1)


class Stdin:
    """Standard input that holds bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_clips_come_in_order_when_they_are_asked_for(tmp_path: Path) -> None:
    film = str(write_film(tmp_path / "a.mkv", random_frames(12)))
    image = str(write_image(tmp_path / "b.png", random_frames(1)[0]))
    clips = named_clips([film, image, "not-there"], CONFIG, SHAPE)
    assert [(clip.name, len(clip.clip)) for clip in (next(clips), next(clips))] == [
        (film, 12),
        (image, 1),
    ]
    with pytest.raises(DataError, match="not-there: there is no such file or folder"):
        next(clips)


def test_a_broken_clip_is_named_and_left_out(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", random_frames(12))
    (tmp_path / "b.mp4").write_bytes(b"no video")
    broken = str(tmp_path / "b.mp4")
    with pytest.warns(ElmanWarning, match=r"left out: .*b\.mp4"):
        (clip,) = named_clips([broken, str(film)], CONFIG, SHAPE)
    assert clip.name == str(film)
    with (
        pytest.warns(ElmanWarning),
        pytest.raises(DataError, match=r"none of 1 clips can be read; the first: .*b\.mp4"),
    ):
        list(named_clips([broken], CONFIG, SHAPE))


def test_saved_frames_of_another_size_are_brought_to_it_and_features_are_refused(
    tmp_path: Path,
) -> None:
    np.save(tmp_path / "a.npy", random_frames(5, 8, 8))
    np.save(tmp_path / "b.npy", np.zeros((5, 7), np.float32))
    (clip,) = named_clips([str(tmp_path / "a.npy")], CONFIG, SHAPE)
    assert clip.clip.frames.shape[1:] == SHAPE
    with pytest.raises(DataError, match=r"b\.npy: frames of \(7,\), but this network was trained"):
        list(named_clips([str(tmp_path / "b.npy")], CONFIG, SHAPE))


def test_a_video_on_standard_input_is_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_film(tmp_path / "a.mkv", random_frames(12))
    monkeypatch.setattr(sys, "stdin", Stdin(film.read_bytes()))
    (clip,) = named_clips(["-"], CONFIG, SHAPE)
    np.testing.assert_array_equal(clip.clip.seen(), read_clip(film, CONFIG).seen())
    monkeypatch.setattr(sys, "stdin", Stdin(film.read_bytes()))
    (short,) = named_clips(["-"], CONFIG.model_copy(update={"max_frames": 5}), SHAPE)
    assert len(short.clip) == 5


def test_windows_look_back_and_end_with_what_is_left(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", flat_frames(range(0, 250, 10)))  # 25 frames, 2.5 s
    found = list(windows(str(film), CONFIG, every_s=1.0, window_s=0.5))
    assert [round(clip.until_s or 0, 3) for clip in found] == [1.0, 2.0, 2.5]
    levels = [clip.clip.seen()[:, 0, 0, 0].tolist() for clip in found]
    assert levels == [[50, 60, 70, 80, 90], [150, 160, 170, 180, 190], [200, 210, 220, 230, 240]]


def test_a_window_may_be_longer_than_the_time_between(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", flat_frames(range(20)))
    lengths = [len(clip.clip) for clip in windows(str(film), CONFIG, 0.5, 1.2)]
    assert lengths == [5, 10, 12, 12]


def test_what_was_good_of_a_damaged_stream_is_told(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", random_frames(40))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    found = windows(str(cut), CONFIG, 0.5, 1.0)
    assert next(found).until_s == pytest.approx(0.5)
    with pytest.raises(DataError, match="cut"):
        list(found)


def test_windows_need_frames_by_time(tmp_path: Path) -> None:
    film = str(write_film(tmp_path / "a.mkv", random_frames(12)))
    with pytest.raises(ConfigError, match="spreads frames over a whole clip"):
        next(windows(film, CONFIG.model_copy(update={"frames": 4}), 1.0, 1.0))
    with pytest.raises(ConfigError, match="0.01 s hold no frame; one is looked at every 0.1 s"):
        next(windows(film, CONFIG, 1.0, 0.01))
