"""The sets made by rule keep their rule, and are the same each time."""

from __future__ import annotations

import re

import numpy as np

from elman.data.dna.alphabet import decoded, encoded
from elman.data.dna.generated import ISLAND_MOVES, islands, promoters
from elman.data.dna.kmers import kmer_ids

PROMOTER = re.compile("TATA[AT]A[AT].{20,30}TCA[GT]T[CT]")


def test_a_promoter_has_its_motifs_in_their_order() -> None:
    entries = [entry.split("\n") for entry in promoters(600)]
    found = {"promoter": 0, "other": 0}
    count = {"promoter": 0, "other": 0}
    for header, letters, _ in entries:
        label = header.partition("label=")[2]
        assert len(letters) == 100
        count[label] += 1
        found[label] += bool(PROMOTER.search(letters))
    assert count == {"promoter": 300, "other": 300}
    assert found["promoter"] == 300 and found["other"] <= 2
    assert list(promoters(600)) == ["\n".join(entry) for entry in entries]


def test_islands_have_the_letters_of_their_model() -> None:
    counts = {True: np.zeros(16), False: np.zeros(16)}
    total = inside = 0
    for entry in islands(120):
        header, letters, _ = entry.split("\n")
        codes = encoded(letters)
        is_inside = np.zeros(len(codes), bool)
        for first, last in re.findall(r"island=(\d+)\.\.(\d+)", header):
            assert 1 <= int(first) <= int(last) <= 1000
            is_inside[int(first) - 1 : int(last)] = True
        pairs = kmer_ids(codes, 2)
        for kind, rows in counts.items():
            rows += np.bincount(pairs[is_inside[1:] == kind], minlength=16)
        total, inside = total + len(codes), inside + int(is_inside.sum())
        assert decoded(codes) == letters
    for kind, moves in ISLAND_MOVES.items():
        table = counts[kind].reshape(4, 4)
        np.testing.assert_allclose(table / table.sum(1, keepdims=True), moves, atol=0.02)
        np.testing.assert_allclose(moves.sum(1), 1, atol=0.002)
    assert 0.22 < inside / total < 0.36  # 1 / 120 out, 1 / 300 in: 29 % in the long run
