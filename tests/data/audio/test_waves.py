"""Sound is read when it is needed, kept as far as allowed, and leaves no file open."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from elman.data.audio.config import AudioConfig
from elman.data.audio.manifest import read_manifest
from elman.data.audio.waves import Waves
from tests.data.audio.sounds import write_songs


def waves_of(tmp_path: Path, count: int, cache_mb: int = 0, rate: int = 8000) -> Waves:
    found = read_manifest(str(write_songs(tmp_path, count)), AudioConfig())
    return Waves(found, rate, cache_mb)


def test_lengths_come_from_headers(tmp_path: Path) -> None:
    for rate in (8000, 16000, 5000):
        waves = waves_of(tmp_path, 5, rate=rate)
        assert len(waves) == 5
        for k in range(5):
            assert abs(len(waves[k]) - int(waves.samples[k])) <= 1


def test_the_cache_keeps_what_fits(tmp_path: Path) -> None:
    waves = waves_of(tmp_path, 3, cache_mb=1)
    first = waves[0]
    assert waves[0] is first
    none = waves_of(tmp_path, 3)
    assert none[0] is not none[0]
    np.testing.assert_array_equal(none[0], first)
    large = waves_of(tmp_path, 3, cache_mb=1)
    large._left = first.nbytes + 4  # room for one and a bit
    assert large[0] is large[0] and large[1] is not large[1]


def test_no_file_stays_open(tmp_path: Path) -> None:
    waves = waves_of(tmp_path, 5)
    handles = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        for k in range(5):
            assert len(waves[k])
    assert len(os.listdir("/proc/self/fd")) == handles


def test_a_speed_is_drawn_by_its_key(tmp_path: Path) -> None:
    waves = waves_of(tmp_path, 1)
    own = len(waves[0])
    lengths = [len(waves.drawn(0, (0.9, 1.0, 1.1), (0, epoch, 0))) for epoch in range(60)]
    again = [len(waves.drawn(0, (0.9, 1.0, 1.1), (0, epoch, 0))) for epoch in range(60)]
    assert lengths == again
    counts = [sum(abs(n - own / f) <= 1 for n in lengths) for f in (0.9, 1.0, 1.1)]
    assert sum(counts) == 60 and min(counts) > 8
