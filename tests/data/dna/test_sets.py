"""Built-in sets of DNA are known by the file that they would be."""

from __future__ import annotations

from elman.data.dna.config import DnaConfig, RegionsConfig
from elman.data.dna.labelled import read_dna
from elman.data.dna.sets import is_dna_set
from elman.data.dna.tagged import read_tagged_dna


def test_known_by_their_kind_of_file() -> None:
    assert [name for name in ("promoters", "islands", "names", "none") if is_dna_set(name)] == [
        "promoters",
        "islands",
    ]


def test_they_can_be_read() -> None:
    sets = read_dna("promoters", DnaConfig())
    assert sets.labels == ("other", "promoter") and len(sets.test) == 600
    tagged = read_tagged_dna("islands", RegionsConfig())
    assert tagged.labels == ("none", "island") and len(tagged.test) == 24
