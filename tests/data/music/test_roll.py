"""Piano rolls of scores and of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elman._errors import DataError
from elman.data.music.roll import KEYS, LOWEST, read_rolls, roll_of, score_of_roll, shifted
from elman.data.music.score import DRUMS, Note, Score, Track, tidy
from tests.data.music.tunes import scale

rolls = arrays(np.uint8, st.tuples(st.integers(1, 20), st.just(KEYS)), elements=st.integers(0, 1))


@given(rolls, st.sampled_from((1, 4, 12)), st.integers(1, 5))
def test_roll_to_score_and_back(roll: Any, steps: int, ticks: int) -> None:
    score = score_of_roll(roll, steps, ticks=ticks)
    assert score == tidy(score)
    np.testing.assert_array_equal(roll_of(score, steps), roll)


def test_a_scale() -> None:
    roll = roll_of(scale(), 1)
    assert roll.shape == (8, KEYS)
    assert (np.flatnonzero(roll[3]) + LOWEST).tolist() == [48, 65]


def test_short_notes_take_a_step_and_drums_none() -> None:
    drums, short = Track(DRUMS, (Note(0, 60, 12),)), Track(0, (Note(3, 62, 1), Note(24, 20, 1)))
    roll = roll_of(tidy(Score(12, (drums, short), 24)), 1)
    assert [np.flatnonzero(frame).tolist() for frame in roll] == [[62 - LOWEST], [], []]


def test_shifting_drops_what_leaves_the_piano() -> None:
    roll = np.ones((2, KEYS), np.uint8)
    assert shifted(roll, 3)[:, :3].sum() == 0 and shifted(roll, 3).sum() == 2 * (KEYS - 3)
    assert shifted(roll, -3)[:, -3:].sum() == 0
    np.testing.assert_array_equal(shifted(roll, 0), roll)


def saved(path: Path, **stored: Any) -> Path:
    np.savez(path, **stored)
    return path


FRAMES = np.eye(5, KEYS, 3, dtype=np.uint8)


def test_npz_with_and_without_parts(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", frames=FRAMES, lengths=[2, 3])
    assert [len(roll) for roll in read_rolls(path)[""]] == [2, 3]
    parts = {"train_frames": FRAMES, "train_lengths": [5], "test_frames": FRAMES}
    path = saved(tmp_path / "b.npz", **parts, test_lengths=[1, 4])
    assert {part: len(found) for part, found in read_rolls(path).items()} == {"train": 1, "test": 2}


def test_mat_has_its_parts(tmp_path: Path) -> None:
    scipy = pytest.importorskip("scipy.io")
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = FRAMES, FRAMES[:2]
    scipy.savemat(tmp_path / "rolls.mat", {"traindata": cell, "testdata": cell})
    found = read_rolls(tmp_path / "rolls.mat")
    assert sorted(found) == ["test", "train"]
    np.testing.assert_array_equal(found["train"][1], FRAMES[:2])


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"x": FRAMES}, "expected piano rolls"),
        ({"frames": FRAMES[:, :80], "lengths": [5]}, r"expected \(T, 88\)"),
        ({"frames": FRAMES * 2, "lengths": [5]}, "expected 0 and 1 alone"),
        ({"frames": FRAMES * 0.5, "lengths": [5]}, "expected 0 and 1 alone"),
        ({"frames": FRAMES, "lengths": [4]}, "whose sum is the 5 frames"),
        ({"frames": FRAMES, "lengths": [5, 0]}, "lengths from 1"),
        ({"frames": np.array(["a"]), "lengths": [1]}, "expected"),
        ({"frames": np.array([{}], object), "lengths": [1]}, "damaged .npz"),
    ],
)
def test_what_is_no_roll_is_refused(tmp_path: Path, stored: Any, message: str) -> None:
    path = saved(tmp_path / "rolls.npz", **stored)
    with pytest.raises(DataError, match=message):
        read_rolls(path)


@pytest.mark.parametrize("name", ["rolls.npz", "rolls.mat"])
def test_damaged_and_missing_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read_rolls(tmp_path / name)
    (tmp_path / name).write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DataError, match=name):
        read_rolls(tmp_path / name)
