from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.signal.config import SignalLayout
from elman.data.signal.npz import channel_names, read_npz
from elman.data.signal.recording import Recordings
from tests.data.signal import made

STACKED = {"X": np.arange(10.0).reshape(5, 2), "lengths": np.array([2, 3]), "y": np.array([0, 1])}


def read(path: Path, arrays: dict[str, Any], *, labelled: bool = True, **keys: Any) -> Recordings:
    np.savez(path, **arrays)
    return read_npz(path, SignalLayout(**keys), labelled=labelled)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3]))
def test_stacked_recordings_come_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, missing: float
) -> None:
    found = made.recordings(5, 3, seed=seed, missing=missing, groups=("p", "q"))
    path = made.npz(tmp_path_factory.mktemp("npz") / "a.npz", found)
    made.same(read_npz(path, SignalLayout(), labelled=True), found, groups=True)


def test_recordings_of_one_length(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(4, 6, 2))
    found = read(tmp_path / "a.npz", {"X": x, "y": np.array([0.0, 1.0, 1.0, 0.0])})
    np.testing.assert_array_equal(found.items[2].values, x[2])
    assert [item.labels[0] for item in found] == ["0", "1", "1", "0"]
    flat = read(tmp_path / "b.npz", {"X": x[..., 0], "y": np.array(list("abab"))})
    np.testing.assert_array_equal(flat.items[1].values[:, 0], x[1, :, 0])


def test_labels_of_steps_times_and_groups(tmp_path: Path) -> None:
    arrays = {**STACKED, "y": np.array(list("aabbc")), "t": np.array([0, 1, 0, 2, 4.0])}
    found = read(tmp_path / "a.npz", {**arrays, "who": np.array([7, 8])}, group="who", time="t")
    assert [item.labels.tolist() for item in found] == [["a"], ["b", "b", "c"]]
    assert [item.group for item in found] == ["7", "8"]
    assert found.items[1].times is not None and found.items[1].times.tolist() == [0, 2, 4]
    assert found.columns["label"] == "y"


def test_numbers_to_learn_keep_all_their_digits(tmp_path: Path) -> None:
    y = np.array([0.1 + 0.2, 1e-17])
    found = read(tmp_path / "a.npz", {**STACKED, "y": y})
    assert [float(item.labels[0]) for item in found] == y.tolist()


@pytest.mark.parametrize(
    ("changed", "keys", "message"),
    [
        ({"lengths": np.array([2, 2])}, {}, "'lengths' add up to 4, and 'X' has 5 frames"),
        ({"lengths": np.array([5, 0])}, {}, "recording 2 is empty"),
        ({"lengths": np.array([-1, 6])}, {}, "a whole number for each recording"),
        ({"y": np.array([0, 1, 2])}, {}, "'y' has the shape .3,., expected 2 .recordings. or 5"),
        ({"y": np.array(["a", ""])}, {}, "recording 2: the label is missing"),
        ({"X": np.array([["a", "b"]] * 5)}, {}, "'X' must hold numbers, got <U1"),
        ({"X": np.full((5, 2), np.inf)}, {}, r"'X' is infinite at \[0, 0\]"),
        ({"t": np.array([0, 1, 2, 1, 3])}, {}, "recording 2: time runs backwards at step 2"),
        ({}, {"label": "z"}, "no array 'z' .--signal.label.. Arrays: X"),
        ({"X": np.array([{}, {}], object)}, {}, "Python objects, which are never loaded"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, changed: dict[str, Any], keys: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.npz", {**STACKED, **changed}, **keys)


def test_arrays_without_usual_names_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="which array holds the values. Arrays: a"):
        read(tmp_path / "a.npz", {"a": np.zeros((2, 3))})
    with pytest.raises(DataError, match="which array holds the labels"):
        read(tmp_path / "b.npz", {"X": np.zeros((2, 3))})
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DataError, match="damaged NPZ"):
        read_npz(tmp_path / "c.npz", SignalLayout(), labelled=False)


def test_channels_of_two_axes_have_two_numbers() -> None:
    assert channel_names((20, 3))[:4] == ("1.1", "1.2", "1.3", "2.1")
