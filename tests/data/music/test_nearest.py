"""The nearest stands for what is not known."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from elman.data.music.nearest import degrees, nearest, nearest_program, rounded
from elman.data.music.score import DRUMS


def test_few_values_stay_as_they_are() -> None:
    assert degrees(Counter({3: 1, 9: 5}), 4) == (9, 3)


def test_many_values_become_middles_that_stand_for_as_many_each() -> None:
    few = degrees(Counter({k: 1 for k in range(100)}), 4)
    assert sorted(few) == [12, 37, 62, 87]
    assert nearest(49, few) == 37 and nearest(1000, few) == 87
    uneven = degrees(Counter({1: 97, 50: 1, 60: 1, 70: 1}), 2)
    assert uneven == (1,)


@pytest.mark.parametrize(
    ("program", "known", "found"),
    [
        (3, (40, 5), 5),
        (80, (40, 5), 40),
        (40, (5, 40), 40),
        (DRUMS, (40,), None),
        (DRUMS, (40, DRUMS), DRUMS),
        (3, (DRUMS,), None),
        (3, (DRUMS, 9), 9),
    ],
)
def test_programs_stand_for_their_family(
    program: int, known: tuple[int, ...], found: int | None
) -> None:
    assert nearest_program(program, known) == found


def test_a_half_is_rounded_upwards() -> None:
    assert [rounded(Fraction(k, 4), 0) for k in range(5)] == [0, 0, 1, 1, 1]
    assert rounded(Fraction(1, 9), 1) == 1
