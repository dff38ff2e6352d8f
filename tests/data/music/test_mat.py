"""MATLAB files are read as SciPy reads them."""

from __future__ import annotations

import contextlib
import io
import random
from typing import Any

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.music.mat import read_mat

scipy = pytest.importorskip("scipy.io")


def packed(compressed: bool = True, **variables: Any) -> bytes:
    content = io.BytesIO()
    scipy.savemat(content, variables, do_compression=compressed)
    return content.getvalue()


def cell(*arrays: Any) -> Any:
    found = np.empty((1, len(arrays)), object)
    for place, array in enumerate(arrays):
        found[0, place] = array
    return found


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("kind", ["uint8", "float64", "int32", "float32", "uint16", "int64"])
def test_numbers_and_cells(compressed: bool, kind: str) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 100, (k, 5)).astype(kind) for k in (1, 3, 2)]
    found = read_mat(packed(compressed, traindata=cell(*arrays), x=arrays[1]))
    assert sorted(found) == ["traindata", "x"]
    for ours, theirs in zip(found["traindata"], arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(found["x"], arrays[1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a MATLAB 5 file"),
        (b"x" * 200, "expected a MATLAB 5 file"),
        (packed(text="words"), "neither numbers nor a cell"),
        (packed(nested=cell(cell(np.ones(2)))), "neither numbers nor a cell"),
        (packed(x=np.ones((4, 4)))[:-20], "it ends at byte|damaged"),
    ],
)
def test_anything_else_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"rolls.mat: .*({message})"):
        read_mat(content, "rolls.mat")


def test_what_unpacks_without_end_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.data.music.mat.MOST_BYTES", 1000)
    with pytest.raises(DataError, match="takes more than"):
        read_mat(packed(x=np.zeros((100, 100))))


def test_damaged_bytes_are_arrays_or_an_error() -> None:
    rng = random.Random(0)
    for compressed in (True, False):
        sound = packed(compressed, x=np.arange(12.0).reshape(3, 4), y=cell(np.ones((2, 2))))
        for _ in range(150):
            content = bytearray(sound)
            for _ in range(rng.randrange(1, 4)):
                content[rng.randrange(128, len(content))] = rng.randrange(256)
            with contextlib.suppress(DataError):
                assert isinstance(read_mat(bytes(content)), dict)
