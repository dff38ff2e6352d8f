from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.video.config import VideoConfig
from elman.data.video.stack import is_stack, open_stack
from tests.data.video.films import random_frames

X = random_frames(12, 6, 8)
GOOD = {"X": X, "lengths": [5, 4, 3], "action": [1, 2, 1], "subject": np.array(["a", "b", "a"])}


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez_compressed(folder / "a.npz", **arrays)
    return folder / "a.npz"


def test_clips_are_the_rows_that_the_lengths_say(tmp_path: Path) -> None:
    stack = open_stack(saved(tmp_path, **GOOD), VideoConfig())
    config = VideoConfig(source_frames_per_s=10)
    stack = open_stack(tmp_path / "a.npz", config)
    seen = [stack.clip(k, config).seen()[..., 0] for k in range(len(stack))]
    for own, wanted in zip(seen, np.split(X, [5, 9]), strict=True):
        assert np.array_equal(own, wanted)
    assert stack.facts == {"action": ["1", "2", "1"], "subject": ["a", "b", "a"]}


def test_so_many_frames_of_each(tmp_path: Path) -> None:
    config = VideoConfig(frames=3)
    stack = open_stack(saved(tmp_path, **GOOD), config)
    assert [len(stack.clip(k, config)) for k in range(3)] == [3, 3, 3]
    assert np.array_equal(stack.clip(2, config).seen()[..., 0], X[9:])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lengths": [5, 4]}, "sum to the 12 frames"),
        ({"lengths": [5, 7, 0]}, "at least 1"),
        ({"lengths": [5.0, 4.0, 3.0]}, "whole numbers"),
        ({"X": X.astype(float)}, "expected 'X' to be frames"),
        ({"fps": 0.0}, "fps must be more than 0"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        open_stack(saved(tmp_path, **{**GOOD, **changes}), VideoConfig())


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There are: other"):
        open_stack(saved(tmp_path, other=X), VideoConfig())
    (tmp_path / "b.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a sound NPZ"):
        open_stack(tmp_path / "b.npz", VideoConfig())


def test_a_stack_is_told_from_other_arrays_by_its_head(tmp_path: Path) -> None:
    assert is_stack(saved(tmp_path, **GOOD))
    assert not is_stack(saved(tmp_path, **{**GOOD, "X": X.astype(np.float32)}))
    assert not is_stack(saved(tmp_path, X=X))
    (tmp_path / "b.npz").write_bytes(b"nothing")
    assert not is_stack(tmp_path / "b.npz")
