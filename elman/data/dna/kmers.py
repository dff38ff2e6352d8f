"""Words of k letters as numbers, for what looks at their counts alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.data.dna.alphabet import COMPLEMENT, Codes

__all__ = ["kmer_ids", "letters_by_place"]

BASE_OF = np.full(16, -1, np.int64)
BASE_OF[[1, 2, 4, 8]] = range(4)


def kmer_ids(codes: Codes, k: int, *, both_strands: bool = False) -> NDArray[np.int64]:
    """Return the words of k letters in a sequence, each a number below ``4 ** k``.

    Words with a letter that is not one of A, C, G, T are left out.

    Args:
        codes: The sequence.
        k: Letters of a word.
        both_strands: Give a word and its reverse complement one number, the smaller of the two.

    Example:
        >>> from elman.data.dna.alphabet import encoded
        >>> kmer_ids(encoded("AACNGTT"), 3), kmer_ids(encoded("GTT"), 3, both_strands=True)
        (array([ 1, 47]), array([1]))
    """
    ids = words(BASE_OF[codes], k)
    if both_strands:
        other = words(BASE_OF[COMPLEMENT[codes]][::-1], k)[::-1]
        ids = np.minimum(ids, other)
    return ids[ids >= 0]


def words(bases: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Return the number of each word, the first letter counting most; -1 where one is unknown."""
    if len(bases) < k:
        return np.empty(0, np.int64)
    window = np.lib.stride_tricks.sliding_window_view(bases, k)
    ids = window @ (4 ** np.arange(k - 1, -1, -1))
    return np.where((window < 0).any(1), -1, ids)


def letters_by_place(codes: Codes) -> NDArray[np.int64]:
    """Return a number for each letter and its place, ``4 * place + base``, of known bases alone.

    Example:
        >>> from elman.data.dna.alphabet import encoded
        >>> letters_by_place(encoded("CNT"))
        array([ 1, 11])
    """
    bases = BASE_OF[codes]
    ids = 4 * np.arange(len(codes)) + bases
    return ids[bases >= 0]
