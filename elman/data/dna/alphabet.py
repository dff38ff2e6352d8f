"""Nucleotides as numbers: each code is the set of bases it stands for, one bit for each.

=====  ====  =========  ====  =========  ===================
A      0001  R = A, G   0101  B  1110    not A
C      0010  Y = C, T   1010  D  1101    not C
G      0100  S = C, G   0110  H  1011    not G
T, U   1000  W = A, T   1001  V  0111    not T
             K = G, T   1100  N  1111    any
             M = A, C   0011
=====  ====  =========  ====  =========  ===================

So the complement is the four bits in reverse order, and the share that each base has of a letter,
its soft one-hot, is its bits divided by their number. 0 is no letter at all: padding.

Source: Nomenclature Committee of the IUB 1985, doi:10.1093/nar/13.9.3021.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ANY",
    "BASES",
    "BY_BYTE",
    "COMPLEMENT",
    "LETTERS",
    "SHARES",
    "Codes",
    "decoded",
    "encoded",
    "reverse_complement",
]

Codes = NDArray[np.uint8]
"""A sequence: a code from 1 to 15 for each letter."""

BASES = "ACGT"
LETTERS = ".ACMGRSVTWYHKDBN"
"""The letter of each code; the code is its place."""
ANY = 15
"""The code of N."""

COMPLEMENT: Codes = np.array([int(f"{code:04b}"[::-1], 2) for code in range(16)], np.uint8)
"""The code of the letter on the other strand, ``(16,)``."""

BY_BYTE: Codes = np.zeros(256, np.uint8)
"""The code of each byte, in upper or lower case; 0 where it is no nucleotide."""
for _code, _letter in enumerate(LETTERS):
    if _code:
        BY_BYTE[[ord(_letter), ord(_letter.lower())]] = _code
BY_BYTE[[ord("U"), ord("u")]] = BY_BYTE[ord("T")]

_bits = (np.arange(16)[:, None] >> np.arange(4)) & 1
SHARES: NDArray[np.float32] = (_bits / np.maximum(1, _bits.sum(1, keepdims=True))).astype("f4")
"""What part of a letter each base is, ``(16, 4)`` in the order ACGT; of padding none is."""


def encoded(letters: str | bytes) -> Codes:
    """Return the codes of some letters; 0 where one is no nucleotide.

    Example:
        >>> encoded("ACGTNu").tolist()
        [1, 2, 4, 8, 15, 8]
    """
    raw = letters.encode("ascii", "replace") if isinstance(letters, str) else letters
    return BY_BYTE[np.frombuffer(raw, np.uint8)]


def decoded(codes: Codes) -> str:
    """Return the letters of some codes, in upper case.

    Example:
        >>> decoded(encoded("acgturyn"))
        'ACGTTRYN'
    """
    return np.frombuffer(LETTERS.encode(), np.uint8)[codes].tobytes().decode("ascii")


def reverse_complement(codes: Codes) -> Codes:
    """Return the other strand, read in its own direction.

    Example:
        >>> decoded(reverse_complement(encoded("AACGR")))
        'YCGTT'
    """
    return COMPLEMENT[codes[::-1]]
