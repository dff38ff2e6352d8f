from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.video.arrays import ArrayFile, array_clip, is_frames
from elman.data.video.config import VideoConfig
from elman.data.video.container import Shown
from elman.data.video.errors import BrokenClip
from elman.data.video.read import read_clip
from elman.data.video.sampling import FINE, collected
from tests.data.video.films import random_frames

FRAMES = random_frames(20)


@given(
    count=st.integers(1, 40),
    source=st.sampled_from([7.0, 10.0, 24.0, 30.0]),
    rate=st.sampled_from([3.0, 10.0, 13.0, 30.0]),
    fine=st.sampled_from([1, FINE]),
)
def test_frames_in_memory_are_seen_as_those_of_a_film(
    count: int, source: float, rate: float, fine: int
) -> None:
    frames = np.arange(count, dtype=np.uint8)[:, None, None]
    shown = [
        Shown(k / source, (k + 1) / source, lambda k=k: np.full((1, 1, 1), k, np.uint8))  # type: ignore[misc]
        for k in range(count)
    ]
    film = collected(shown, rate, fine=fine, most=20)
    own = array_clip(frames, source, VideoConfig(size=(1, 1)), rate, fine=fine, most=20, exact=None)
    assert np.array_equal(own.seen(), film.seen()) and own.left_out == film.left_out


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_saved_frames_and_features(tmp_path: Path, ending: str) -> None:
    config = VideoConfig(source_frames_per_s=10)
    for name, content in (("frames", FRAMES), ("features", FRAMES[:, 0].astype(np.float32))):
        path = tmp_path / f"{name}.{ending}"
        np.save(path, content) if ending == "npy" else np.savez(path, content)
        seen = read_clip(path, config).seen()
        assert np.array_equal(seen[..., 0] if name == "frames" else seen, content)


def test_the_rate_stands_in_the_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", frames=FRAMES, fps=5.0)
    assert len(read_clip(tmp_path / "a.npz", VideoConfig())) == 40
    assert len(read_clip(tmp_path / "a.npz", VideoConfig(frames_per_s=5), start_s=1, end_s=3)) == 10


def test_other_sizes_and_colours(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", FRAMES)
    config = VideoConfig(size=(8, 12), color="rgb", source_frames_per_s=10)
    assert read_clip(tmp_path / "a.npy", config).frames.shape == (20, 8, 12, 3)


@pytest.mark.parametrize(
    "content",
    [
        np.zeros(5),
        np.zeros((5, 4, 4)),
        np.zeros((0, 4, 4), np.uint8),
        np.zeros((5, 4, 4, 2), np.uint8),
    ],
    ids=["1-d", "floats", "empty", "planes"],
)
def test_what_is_no_clip_is_broken(tmp_path: Path, content: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", content)
    with pytest.raises(BrokenClip, match=r"a\.npy: expected frames"):
        ArrayFile.open(tmp_path / "a.npy", 10)


def test_damaged_files_and_pickles_are_broken(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, FRAMES)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BrokenClip, match="not a sound NumPy file"):
        ArrayFile.open(path, 10)
    np.save(tmp_path / "b.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(BrokenClip, match="not a sound NumPy file"):
        ArrayFile.open(tmp_path / "b.npy", 10)


def test_features_must_be_finite(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((5, 3), np.nan))
    with pytest.raises(BrokenClip, match="finite"):
        read_clip(tmp_path / "a.npy", VideoConfig())


def test_frames_are_bytes_in_two_dimensions_or_three() -> None:
    assert is_frames(FRAMES) and is_frames(FRAMES[..., None])
    assert not is_frames(FRAMES.astype(float)) and not is_frames(FRAMES[:, 0])


def test_many_threads_may_open_at_once(tmp_path: Path) -> None:
    for k in range(8):
        np.save(tmp_path / f"{k}.npy", np.full((3, 4, 4), k, np.uint8))
    paths = [tmp_path / f"{k % 8}.npy" for k in range(400)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: int(ArrayFile.open(path, 1.0).content[0, 0, 0]), paths))
    assert found == [k % 8 for k in range(400)]
