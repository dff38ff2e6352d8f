"""Clips as commands are given them, and what is known of their frames."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from elman._errors import ConfigError, DataError, ElmanWarning
from elman.data.video.clips import find_clips
from elman.data.video.config import VideoConfig
from elman.data.video.decode import Cache, checked
from elman.data.video.read import read_clip
from elman.models.frame_encoder import FeatureEncoder, FrameEncoder
from elman.tasks.clips import (
    FrameFacts,
    are_frame_facts,
    frame_facts,
    frontend,
    sound_clips,
    stacked,
)
from tests.data.video.films import random_frames, write_film, write_image

CONFIG = VideoConfig(size=(16, 24))
SHAPE = (16, 24, 1)
FACTS = FrameFacts((16, 24, 3), (0.1, 0.2, 0.3), (0.2, 0.2, 0.1))


class Stdin:
    """Standard input that holds bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_clips_come_in_order_when_they_are_asked_for(tmp_path: Path) -> None:
    film = str(write_film(tmp_path / "a.mkv", random_frames(12)))
    image = str(write_image(tmp_path / "b.png", random_frames(1)[0]))
    clips = sound_clips([film, image, "not-there"], CONFIG, SHAPE)
    assert [(name, len(clip)) for name, clip in (next(clips), next(clips))] == [
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
        (clip,) = sound_clips([broken, str(film)], CONFIG, SHAPE)
    assert clip[0] == str(film)
    with (
        pytest.warns(ElmanWarning),
        pytest.raises(DataError, match=r"none of 1 clips can be read; the first: .*b\.mp4"),
    ):
        list(sound_clips([broken], CONFIG, SHAPE))


def test_saved_frames_of_another_size_are_brought_to_it_and_features_are_refused(
    tmp_path: Path,
) -> None:
    np.save(tmp_path / "a.npy", random_frames(5, 8, 8))
    np.save(tmp_path / "b.npy", np.zeros((5, 7), np.float32))
    ((_, clip),) = sound_clips([str(tmp_path / "a.npy")], CONFIG, SHAPE)
    assert clip.frames.shape[1:] == SHAPE
    with pytest.raises(DataError, match=r"b\.npy: frames of \(7,\), but this network was trained"):
        list(sound_clips([str(tmp_path / "b.npy")], CONFIG, SHAPE))


def test_a_video_on_standard_input_is_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_film(tmp_path / "a.mkv", random_frames(12))
    monkeypatch.setattr(sys, "stdin", Stdin(film.read_bytes()))
    ((_, clip),) = sound_clips(["-"], CONFIG, SHAPE)
    np.testing.assert_array_equal(clip.seen(), read_clip(film, CONFIG).seen())
    monkeypatch.setattr(sys, "stdin", Stdin(film.read_bytes()))
    ((_, short),) = sound_clips(["-"], CONFIG.model_copy(update={"max_frames": 5}), SHAPE)
    assert len(short) == 5


def test_frames_one_after_the_other_are_a_clip() -> None:
    frames = random_frames(3)[..., None]
    clip = stacked(iter(frames))
    assert len(clip) == 3
    np.testing.assert_array_equal(clip.seen(), frames)


def test_pixels_are_measured(tmp_path: Path) -> None:
    for k in range(6):
        np.save(tmp_path / f"{k}.npy", random_frames(4, 8, 8, seed=k) // (k + 1))
    (tmp_path / "clips.csv").write_text("file\n" + "".join(f"{k}.npy\n" for k in range(6)))
    config = VideoConfig(size=(8, 8), source_frames_per_s=10)
    clips = checked(find_clips(str(tmp_path), config), Cache(0))
    facts = frame_facts(clips)
    pixels = np.concatenate([clips[k].seen().ravel() for k in range(6)]) / 255
    assert facts.shape == (8, 8, 1)
    assert facts.mean == pytest.approx((pixels.mean(),), abs=1e-6)
    assert facts.deviation == pytest.approx((pixels.std(),), abs=1e-6)


def test_frames_and_features_have_their_encoders() -> None:
    frames = frontend(VideoConfig(features=7), FACTS)
    assert isinstance(frames, FrameEncoder) and frames.output_size == 7
    assert (frames.size, frames.planes) == ((16, 24), 3)
    torch.testing.assert_close(frames.mean, torch.tensor([0.1, 0.2, 0.3]))
    features = frontend(VideoConfig(), FrameFacts((40,), (), ()))
    assert isinstance(features, FeatureEncoder) and features.input_size == 40
    with pytest.raises(ConfigError, match="too small for 5 convolutions"):
        frontend(VideoConfig(channels=(4,) * 5), FrameFacts((8, 8, 1), (0.5,), (0.2,)))


def record(**changes: object) -> dict[str, object]:
    return {"shape": [16, 24, 1], "mean": [0.5], "deviation": [0.2], **changes}


def test_facts_are_known_from_what_is_none() -> None:
    assert are_frame_facts(record())
    assert are_frame_facts(record(shape=[40], mean=[], deviation=[]))
    wrong = [
        *(record(shape=[16, 24]), record(shape=[16, 24, 0]), record(shape=[16, 24, True])),
        *(record(mean=[]), record(mean=[float("nan")]), record(deviation=["1"]), record(more=1)),
        *(record(shape=[40]), record(shape=[16, 24, 3])),
    ]
    assert not any(map(are_frame_facts, wrong))
