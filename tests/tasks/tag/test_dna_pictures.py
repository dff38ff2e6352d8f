"""Tracks: what is drawn is what was there, and what was found."""

from __future__ import annotations

import numpy as np
import pytest

from elman.tasks.tag.dna_pictures import Track, runs, track_picture


def test_runs_are_stretches_of_one_tag() -> None:
    assert runs(np.array([0, 0, 2, 1, 1])) == [(0, 2, 0), (2, 3, 2), (3, 5, 1)]


def test_a_picture_is_an_image() -> None:
    pytest.importorskip("matplotlib")
    tags = np.array([0, 1, 1, 0, 2])
    tracks = [Track(tags, tags[::-1], "s1"), Track(np.zeros(9, int), np.zeros(9, int), "s2")]
    found = track_picture("Regions", tracks, ["none", "gene", "exon"])
    assert found.image.startswith(b"\x89PNG") and "'none'" in found.caption
