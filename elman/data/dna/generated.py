"""Sequences made by a rule: something to learn DNA from where there is no file.

``promoters``
    A TATA box, and 20 to 30 letters behind it an initiator: a promoter. The others have one of the
    two, or both in the wrong order, so that no word tells them apart; only their places do.

``islands``
    Stretches rich in CG, and the rest: the textbook's hidden Markov model, with a label for each
    letter. Which stretch a letter is in shows in its neighbours alone.

Source: Durbin, Eddy, Krogh & Mitchison 1998, Biological Sequence Analysis, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from elman.data.dna.alphabet import BASES

__all__ = ["ISLAND_MOVES", "islands", "promoters"]

PROMOTERS = 6000
LENGTH = 100
TATA, INITIATOR = ("TATAWAW", "TCAKTY")
CHOICES = {"W": "AT", "Y": "CT", "K": "GT"}

SEQUENCES, LETTERS = 240, 1000
ISLAND_ENDS, ISLAND_BEGINS = 1 / 120, 1 / 300
ISLAND_MOVES: dict[bool, NDArray[np.float64]] = {
    True: np.array(
        [
            [0.180, 0.274, 0.426, 0.120],
            [0.171, 0.368, 0.274, 0.188],
            [0.161, 0.339, 0.375, 0.125],
            [0.079, 0.355, 0.384, 0.182],
        ]
    ),
    False: np.array(
        [
            [0.300, 0.205, 0.285, 0.210],
            [0.322, 0.298, 0.078, 0.302],
            [0.248, 0.246, 0.298, 0.208],
            [0.177, 0.239, 0.292, 0.292],
        ]
    ),
}
"""The chance of each letter after each letter, in the order ACGT, inside islands and outside."""


def promoters(count: int = PROMOTERS, seed: int = 0) -> Iterator[str]:
    """Yield sequences of 100 letters as FASTA, each with its label behind its name."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        is_promoter = number % 2 == 0
        letters = [BASES[k] for k in rng.integers(4, size=LENGTH)]
        gap = int(rng.integers(20, 31))
        first = int(rng.integers(5, LENGTH - gap - 20))
        motifs = [TATA, INITIATOR]
        if not is_promoter:
            which = int(rng.integers(3))
            motifs = [[TATA, ""], ["", INITIATOR], [INITIATOR, TATA]][which]
        for place, motif in zip((first, first + len(TATA) + gap), motifs, strict=True):
            written = [str(rng.choice(list(CHOICES.get(sign, sign)))) for sign in motif]
            letters[place : place + len(written)] = written
        label = "promoter" if is_promoter else "other"
        yield f">s{number + 1} label={label}\n{''.join(letters)}\n"


def islands(count: int = SEQUENCES, seed: int = 0) -> Iterator[str]:
    """Yield sequences of 1,000 letters as FASTA, whose headers say where islands are."""
    rng = np.random.default_rng(seed)
    begins = ISLAND_BEGINS / (ISLAND_BEGINS + ISLAND_ENDS)
    # An inverse cumulative distribution for each letter before: one draw tells the letter after.
    sums = {inside: np.cumsum(moves, 1) for inside, moves in ISLAND_MOVES.items()}
    for number in range(count):
        inside, letter = bool(rng.random() < begins), int(rng.integers(4))
        letters, regions, start = [], [], 0
        for place, (turn, draw) in enumerate(rng.random((LETTERS, 2)).tolist()):
            if turn < (ISLAND_ENDS if inside else ISLAND_BEGINS):
                if inside:
                    regions.append((start, place))
                inside, start = not inside, place
            letter = min(3, int(np.searchsorted(sums[inside][letter], draw)))
            letters.append(BASES[letter])
        if inside:
            regions.append((start, LETTERS))
        where = " ".join(f"island={first + 1}..{end}" for first, end in regions if end > first)
        yield f">s{number + 1} {where}".rstrip() + f"\n{''.join(letters)}\n"
