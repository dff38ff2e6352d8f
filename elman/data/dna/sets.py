"""Which built-in sets are DNA: known by the kind of file that they would be."""

from __future__ import annotations

from elman.data.builtin import BUILTIN
from elman.data.dna.fasta import is_sequences

__all__ = ["is_dna_set"]


def is_dna_set(name: str) -> bool:
    """Say whether a name is that of a built-in set of sequences.

    Example:
        >>> is_dna_set("promoters"), is_dna_set("manual")
        (True, False)
    """
    return name in BUILTIN and is_sequences(name + BUILTIN[name].suffix)
