"""What stands for a value that a vocabulary does not have: the nearest that it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from elman.data.music.score import DRUMS

__all__ = ["degrees", "nearest", "nearest_program", "rounded"]


def rounded(value: Fraction, least: int) -> int:
    """Return the nearest whole number, a half upwards, at least ``least``."""
    return max(least, (value + Fraction(1, 2)).__floor__())


def nearest(value: float, known: Sequence[int]) -> int:
    """Return the nearest of the known numbers, the lower of two."""
    return min(known, key=lambda other: (abs(other - value), other))


def nearest_program(program: int, known: Sequence[int]) -> int | None:
    """Return a program that is known: itself, one of its family of eight, or the commonest.

    Percussion stands for nothing else, and nothing else for it.
    """
    if program in known or program == DRUMS:
        return program if program in known else None
    pitched = [other for other in known if other != DRUMS]
    family = (other for other in pitched if other // 8 == program // 8)
    return next(family, pitched[0] if pitched else None)


def degrees(counts: Counter[int], most: int) -> tuple[int, ...]:
    """Return at most so many values that stand for all, the commonest first.

    They are the middles of ranges that hold about as many each.
    """
    if len(counts) <= most:
        return tuple(value for value, _ in counts.most_common())
    values = np.repeat(*(np.array(side) for side in zip(*sorted(counts.items()), strict=True)))
    middles = np.quantile(values, (np.arange(most) + 0.5) / most, method="nearest")
    chosen = sorted({int(value) for value in middles})
    near = Counter[int]()
    for value, count in counts.items():
        near[nearest(value, chosen)] += count
    return tuple(value for value, _ in near.most_common())
