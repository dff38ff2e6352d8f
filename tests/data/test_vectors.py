"""Vectors are read from each of their formats, and nothing that is not wanted is kept."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.vectors import read_vectors

WORDS = ["the", "Zürich", "new york", "a"]
MATRIX = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)


def as_text(words: list[str] = WORDS) -> str:
    return "".join(
        f"{word} {' '.join(repr(float(x)) for x in row)}\n"
        for word, row in zip(words, MATRIX, strict=False)
    )


def as_binary(end: bytes = b"\n") -> bytes:
    rows = (
        word.encode() + b" " + row.tobytes() + end
        for word, row in zip(["the", "Zürich", "new_york", "a"], MATRIX, strict=True)
    )
    return b"4 5\n" + b"".join(rows)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        as_text().encode(),
        f"4 5\n{as_text()}".encode(),
        as_text().rstrip("\n").encode(),
        as_text().replace("\n", " \n").encode(),
    ],
    ids=["glove", "word2vec", "no last end", "a space at the end"],
)
def test_text(tmp_path: Path, data: bytes, packed: bool) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(gzip.compress(data) if packed else data)
    found = read_vectors(path)
    assert found.words == WORDS
    np.testing.assert_array_equal(found.matrix, MATRIX)


@pytest.mark.parametrize("end", [b"\n", b""])
def test_binary(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "vectors.bin"
    path.write_bytes(as_binary(end))
    found = read_vectors(path)
    assert found.words == ["the", "Zürich", "new_york", "a"]
    np.testing.assert_array_equal(found.matrix, MATRIX)


def test_only_what_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_text(as_text())
    found = read_vectors(path, lambda place, word: place < 1 or word == "a")
    assert found.words == ["the", "a"] and found.matrix.shape == (2, 5)
    assert read_vectors(path, lambda place, word: False).words == []


def test_what_is_not_wanted_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_text("the 1 2\nbad x y\n")
    assert read_vectors(path, lambda place, word: place == 0).words == ["the"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "vectors is empty"),
        (b"the 1 2\ncat 3\n", "vectors, line 2: 1 values, the lines before have 2"),
        (b"the 1 2\ncat 3 x\n", "vectors, line 2: expected 2 numbers"),
        (b"2 3\nthe 1 2 3\ncat 3\n", "vectors, line 3: 1 values"),
        (b"word\n", "line 1: expected a word and its numbers"),
        (as_binary()[:-8], "in word 4 of 4: it is cut off"),
        (b"9 5\n" + b"\xff" * 9000, "byte 4: expected word 1, got no word"),
    ],
)
def test_bad_files(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_vectors(path)


def test_a_file_larger_than_a_chunk(tmp_path: Path) -> None:
    many = np.random.default_rng(1).normal(size=(20_000, 20)).astype(np.float32)
    path = tmp_path / "vectors.bin"
    path.write_bytes(
        b"20000 20\n" + b"".join(f"w{k} ".encode() + many[k].tobytes() for k in range(20_000))
    )
    found = read_vectors(path, lambda place, word: place % 2 == 1)
    assert found.words[:2] == ["w1", "w3"]
    np.testing.assert_array_equal(found.matrix, many[1::2])
