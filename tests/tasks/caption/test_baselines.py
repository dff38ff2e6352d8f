"""What needs no network."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data.video.captions import Told, read_caption_sets
from elman.data.video.sampling import Clip
from elman.tasks.caption.baselines import mean_frame, most_frequent, nearest
from tests.tasks.caption.squares import task_of, write_squares


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = write_squares(tmp_path_factory.mktemp("near") / "clips", 41)
    video = task_of(folder).video.model_copy(update={"valid_fraction": 0.0, "test_fraction": 0.0})
    return read_caption_sets(str(folder), video).train


def test_the_most_frequent_caption(told: Told) -> None:
    assert most_frequent(told) == "a square goes left"  # the 41st clip is one more of them


def test_a_clip_is_nearest_to_itself(told: Told) -> None:
    seen: list[tuple[int, int]] = []
    texts = nearest(told, told, lambda done, total, phase: seen.append((done, total)))
    assert texts == [some[0] for some in told.captions]
    assert seen[-1] == (82, 82)


def clip_of(frames: np.ndarray) -> Clip:
    return Clip(frames, np.arange(len(frames), dtype=np.int32)[:, None])


def test_mean_frames_of_large_frames_are_averaged_over_fields() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (3, 64, 96, 3), dtype=np.uint8)
    expected = frames.astype(float).mean(0).reshape(32, 2, 32, 3, 3).mean((1, 3)).ravel()
    np.testing.assert_allclose(mean_frame(clip_of(frames)), expected, rtol=1e-5)
    # 33 do not divide evenly: the mean is that of all pixels all the same
    odd = np.full((2, 33, 40, 1), 7, np.uint8)
    np.testing.assert_allclose(mean_frame(clip_of(odd)), np.full(32 * 32, 7.0))


def test_small_frames_and_features_stay_as_they_are() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 1), dtype=np.uint8)
    np.testing.assert_allclose(mean_frame(clip_of(frames)), frames.mean(0).ravel(), rtol=1e-6)
    features = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    np.testing.assert_allclose(mean_frame(clip_of(features)), features.mean(0), rtol=1e-5)
