"""Long sequences as overlapping windows, cut while they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from elman.data.dna.alphabet import Codes
from elman.data.dna.fasta import Piece

__all__ = ["Cut", "cut_pieces"]


class Cut(NamedTuple):
    """A window of a sequence.

    Attributes:
        name: The sequence.
        start: Its first base that belongs to the window.
        before: Bases of context before that one.
        size: Bases that belong to the window.
        codes: Context and window.
    """

    name: str
    start: int
    before: int
    size: int
    codes: Codes


def cut_pieces(pieces: Iterable[Piece], window: int, context: int) -> Iterator[Cut]:
    """Yield the windows of sequences that come in pieces, in memory that does not grow.

    A sequence of up to ``window`` bases is one window. Of a longer one every window but those at
    its ends has ``context`` more bases on either side.

    Example:
        >>> from elman.data.dna.alphabet import encoded
        >>> pieces = [Piece("a", "", 1, 0, encoded("ACGT"), False),
        ...           Piece("a", "", 1, 4, encoded("AC"), True)]
        >>> [(cut.start, cut.before, cut.size, len(cut.codes)) for cut in cut_pieces(pieces, 4, 1)]
        [(0, 0, 4, 5), (4, 1, 2, 3)]
    """
    held, base, start = np.empty(0, np.uint8), 0, 0  # `base`: where in the sequence `held` begins
    for piece in pieces:
        if piece.start == 0:
            held, base, start = piece.codes, 0, 0
        else:
            held = np.concatenate([held, piece.codes])
        known = base + len(held)
        while start < known and (piece.last or start + window + context <= known):
            end = min(start + window, known)
            first, last = max(0, start - context), min(known, end + context)
            codes = held[first - base : last - base]
            yield Cut(piece.name, start, start - first, end - start, codes)
            start = end
        first = max(0, start - context)
        held, base = held[first - base :], first
