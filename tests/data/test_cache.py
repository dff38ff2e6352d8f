from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import numpy as np
import pytest

from elman._errors import RunError
from elman.data.cache import STALE_S, build_entry, open_entry


def make(path: Path, value: int = 7) -> None:
    with build_entry(path) as writer:
        writer.append("a", np.array([1, 2], np.uint16))
        writer.append("a", np.array([value], np.uint16))
        writer.append("empty", np.empty(0, np.uint8))
        writer.finish({"n": 3})


def test_round_trip(tmp_path: Path) -> None:
    make(tmp_path / "deep" / "e")
    entry = open_entry(tmp_path / "deep" / "e")
    assert entry is not None
    assert entry.facts == {"n": 3}
    assert isinstance(entry.array("a"), np.memmap)
    assert entry.array("a").dtype == np.uint16
    assert entry.array("a").tolist() == [1, 2, 7]
    assert entry.array("empty").shape == (0,)
    assert "b" not in entry


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    make(tmp_path / "e")
    for file in (tmp_path / "e").iterdir():
        good = file.read_bytes()
        for at in range(len(good)):
            bad = bytearray(good)
            bad[at] ^= 1
            file.write_bytes(bad)
            assert open_entry(tmp_path / "e") is None, (file.name, at)
            file.write_bytes(good[:at])
            assert open_entry(tmp_path / "e") is None, (file.name, at)
        file.write_bytes(good)
    assert open_entry(tmp_path / "e") is not None


def test_damaged_entry_is_replaced_and_good_one_stays(tmp_path: Path) -> None:
    make(tmp_path / "e", 7)
    make(tmp_path / "e", 8)
    assert open_entry(tmp_path / "e").array("a")[2] == 7
    (tmp_path / "e" / "a.bin").write_bytes(b"")
    make(tmp_path / "e", 9)
    assert open_entry(tmp_path / "e").array("a")[2] == 9
    assert os.listdir(tmp_path) == ["e"]


def test_nothing_stays_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), build_entry(tmp_path / "e") as writer:
        writer.append("a", np.zeros(5, np.uint8))
        raise KeyError
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_a_clear_error(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        with (
            pytest.raises(RunError, match=r"cannot write the cache .*File too large.*ELMAN_CACHE"),
            build_entry(tmp_path / "e") as writer,
        ):
            writer.append("a", np.zeros(1 << 20, np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write the cache"):
        make(tmp_path / "file" / "e")


def test_old_leftovers_are_swept(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / f".building-{name}").mkdir()
    past = time.time() - STALE_S - 10
    os.utime(tmp_path / ".building-old", (past, past))
    make(tmp_path / "e")
    assert sorted(os.listdir(tmp_path)) == [".building-new", "e"]
