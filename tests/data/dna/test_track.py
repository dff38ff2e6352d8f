"""Tracks: neighbours of one value are one line, whatever the pieces; read back they are whole."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.data.dna.track import BedGraphWriter, BedWriter

CUTS = st.lists(st.integers(1, 7), min_size=1, max_size=12)


def parts(cuts: list[int]) -> list[tuple[int, int]]:
    return list(itertools.pairwise([0, *np.cumsum(cuts).tolist()]))


@given(CUTS, st.integers(0, 99))
def test_a_track_is_read_back_as_it_was(cuts: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 3, sum(cuts)) / 2
    out: list[str] = []
    track = BedGraphWriter(out.append, digits=1)
    for name in ("chr1", "chr2", "chr2"):  # a name may come again, in another file
        for a, b in parts(cuts):
            track.add(name, a, values[a:b])
    track.end()
    lines = [line.split("\t") for line in "".join(out).splitlines()]
    runs = 1 + int((np.diff(values) != 0).sum())
    assert len(lines) == 3 * runs
    for copy in range(3):
        own = lines[copy * runs : (copy + 1) * runs]
        found = np.full(len(values), np.nan)
        for _, start, end, value in own:
            assert int(start) < int(end)
            found[int(start) : int(end)] = float(value)
        np.testing.assert_array_equal(found, values)
        assert {line[0] for line in own} == {"chr1" if copy == 0 else "chr2"}


@given(CUTS, st.integers(0, 99))
def test_regions_are_read_back_as_they_were(cuts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    tags, sure = rng.integers(0, 3, sum(cuts)), rng.random(sum(cuts))
    out: list[str] = []
    regions = BedWriter(out.append, ["none", "a", "b"])
    for a, b in parts(cuts):
        regions.add("chr1", a, tags[a:b], sure[a:b])
    regions.end()
    found = np.zeros(len(tags), int)
    ends: list[tuple[int, str]] = []
    for line in "".join(out).splitlines():
        name, start, end, label, score = line.split("\t")
        place = slice(int(start), int(end))
        assert name == "chr1" and not found[place].any()
        found[place] = "ab".index(label) + 1
        assert int(score) == round(1000 * sure[place].mean())
        ends.append((int(end), label))
        assert (int(start), label) not in ends[:-1]  # neighbours of one label are one line
    np.testing.assert_array_equal(found, tags)


def test_nothing_is_written_of_nothing() -> None:
    out: list[str] = []
    track, regions = BedGraphWriter(out.append), BedWriter(out.append, ["none", "a"])
    track.add("x", 0, np.array([]))
    regions.add("x", 0, np.zeros(9, int), np.ones(9))
    track.end()
    regions.end()
    assert out == []
