"""What was found in DNA as lines: regions and tracks, many lines at once."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elman.tasks.tag import dna_output
from elman.tasks.tag.config import TagPredict
from elman.tasks.tag.dna_output import writer_of
from elman.tasks.tag.dna_stream import Found

LABELS = ("none", "gene", "exon")


def found(name: str, start: int, *chances: tuple[float, float, float]) -> Found:
    rows = np.array(chances, np.float32)
    return Found(name, start, rows.argmax(1), rows)


PARTS = [
    found("chr1", 0, (0.9, 0.1, 0.0), (0.25, 0.75, 0.0)),
    found("chr1", 2, (0.25, 0.75, 0.0), (0.0, 0.25, 0.75)),
    found("chr2", 0, (0.0, 0.5, 0.5)),
]


def written(**options: str) -> list[str]:
    out: list[str] = []
    writer = writer_of(TagPredict(**options), LABELS, out.append)  # type: ignore[arg-type]
    for part in PARTS:
        writer.take(part)
    writer.end()
    return out


def test_regions_go_on_across_pieces() -> None:
    expected = [
        "chr1\t1\t3\tgene\t750",
        "chr1\t3\t4\texon\t750",
        "chr2\t0\t1\tgene\t500",
    ]
    for options in ({}, {"format": "bed"}):
        assert "".join(written(**options)).splitlines() == expected
    record = json.loads("".join(written(format="json")).splitlines()[0])
    assert record == {
        "sequence": "chr1", "start": 1, "end": 3, "label": "gene", "confidence": 0.75,
    }  # fmt: skip


def test_a_track_is_of_one_tag() -> None:
    assert "".join(written(format="bedgraph", track="exon")).splitlines() == [
        "chr1\t0\t3\t0.00",
        "chr1\t3\t4\t0.75",
        "chr2\t0\t1\t0.50",
    ]


@pytest.mark.parametrize(("size", "calls"), [(1 << 16, 1), (0, 3)])
def test_lines_are_handed_over_together(
    size: int, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dna_output, "BUFFER", size)
    assert len(written()) == calls
