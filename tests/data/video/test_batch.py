from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman.data.video.batch import altered, packed
from elman.data.video.config import VideoConfig
from elman.data.video.sampling import Clip
from tests.data.video.films import random_frames

STILL = {"shift": 0, "brightness": 0.0, "zoom": 0.0, "jitter": False}


def clip(count: int, seed: int = 0) -> Clip:
    frames = random_frames(count, 8, 10, seed)[..., None]
    return Clip(frames, np.arange(count, dtype=np.int32)[:, None])


def test_clips_stand_one_after_the_other_without_padding() -> None:
    a, b = clip(3), clip(5, 1)
    batch = packed([a, b], VideoConfig())
    assert np.array_equal(batch.frames, np.concatenate([a.frames, b.frames]))
    assert batch.lengths.tolist() == [3, 5] and batch.frames.dtype == np.uint8


def test_features_are_floats_and_stay_as_they_are() -> None:
    own = Clip(np.arange(6.0).reshape(3, 2), np.array([[0], [2]], np.int32))
    batch = packed([own], VideoConfig(), np.random.default_rng(0))
    assert batch.frames.tolist() == [[0, 1], [4, 5]] and batch.frames.dtype == np.float32


def test_chances_come_from_the_generator_alone() -> None:
    config = VideoConfig(shift=3, zoom=0.2, flip=True)
    one, two, other = (
        packed([clip(4), clip(2)], config, np.random.default_rng(seed)).frames for seed in (7, 7, 8)
    )
    assert np.array_equal(one, two) and not np.array_equal(one, other)


@pytest.mark.parametrize("seed", range(5))
def test_a_clip_is_moved_as_a_whole(seed: int) -> None:
    frames = clip(6).frames
    config = VideoConfig(**{**STILL, "shift": 3})
    moved = altered(frames, config, np.random.default_rng(seed))
    grown = np.pad(frames, ((0, 0), (3, 3), (3, 3), (0, 0)), "edge")
    ways = [(d, r) for d in range(7) for r in range(7)]
    assert any(np.array_equal(moved, grown[:, d : d + 8, r : r + 10]) for d, r in ways)


def test_mirrored_clips_are_half_of_them() -> None:
    frames = clip(2).frames
    config = VideoConfig(**{**STILL, "flip": True})
    rng = np.random.default_rng(0)
    mirrored = 0
    for _ in range(200):
        own = altered(frames, config, rng)
        same = np.array_equal(own, frames)
        assert same or np.array_equal(own, frames[:, :, ::-1])
        mirrored += not same
    assert 70 < mirrored < 130


def test_light_changes_by_one_factor() -> None:
    frames = np.full((2, 8, 8, 1), 100, np.uint8)
    frames[0] = 50
    config = VideoConfig(**{**STILL, "brightness": 0.3})
    own = altered(frames, config, np.random.default_rng(1)).astype(float)
    assert len(np.unique(own[0])) == 1 and abs(own[1].mean() / own[0].mean() - 2) < 0.05
    assert 69 < own[1].mean() < 131 and own[1].mean() != 100


def test_zoom_one_is_the_frame_and_zoom_enlarges_about_the_middle() -> None:
    frames = random_frames(2, 9, 9)[..., None]
    smooth = np.zeros((1, 33, 33, 1), np.uint8)
    smooth[:, 12:21, 12:21] = 200
    areas = []
    for seed in range(20):
        own = altered(smooth, VideoConfig(**{**STILL, "zoom": 0.3}), np.random.default_rng(seed))
        rows = np.flatnonzero(own[0, :, 16, 0] > 100)
        assert abs(rows.mean() - 16) <= 0.5
        areas.append(len(rows))
    assert min(areas) < 9 < max(areas) and max(areas) <= 12
    nearly = altered(frames, VideoConfig(**{**STILL, "zoom": 1e-9}), np.random.default_rng(0))
    assert np.abs(nearly.astype(int) - frames).max() <= 1


def test_nothing_changes_in_evaluation() -> None:
    options: dict[str, Any] = {"shift": 3, "flip": True, "zoom": 0.3, "brightness": 0.5}
    own = clip(4)
    assert np.array_equal(packed([own], VideoConfig(**options)).frames, own.frames)
