"""Tracks: neighbours of one value are one line, whatever the pieces; read back they are whole."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.data.dna.track import BedGraphWriter, Runs

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
def test_runs_are_read_back_as_they_were(cuts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    tags, sure = rng.integers(0, 3, sum(cuts)), rng.random(sum(cuts))
    runs, found = Runs(), []
    for name in ("chr1", "chr2", "chr2"):
        for a, b in parts(cuts):
            found += runs.add(name, a, tags[a:b], sure[a:b])
    found += runs.end()
    count = 1 + int((np.diff(tags) != 0).sum())
    assert len(found) == 3 * count and runs.end() == []
    for copy in range(3):
        end = 0
        for run in found[copy * count : (copy + 1) * count]:
            assert run.start == end and run.name == ("chr1" if copy == 0 else "chr2")
            place, end = slice(run.start, run.end), run.end
            assert (tags[place] == run.tag).all()
            np.testing.assert_allclose(run.confidence, sure[place].mean())
        assert end == len(tags)


def test_nothing_is_made_of_nothing() -> None:
    out: list[str] = []
    track, runs = BedGraphWriter(out.append), Runs()
    track.add("x", 0, np.array([]))
    track.end()
    assert out == [] and runs.add("x", 0, np.array([], int), np.array([])) == runs.end() == []
