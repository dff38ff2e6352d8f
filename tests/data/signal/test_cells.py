from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.signal.cells import MISSING, number, numbers, seconds


@pytest.mark.parametrize("cell", [*sorted(MISSING), "NaN", " ? ", "NULL"])
def test_missing_values_are_nan(cell: str) -> None:
    assert math.isnan(number(cell))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back(value: float) -> None:
    assert number(repr(value)) == value
    assert numbers([[repr(value), ""]], ["line 1"], ["x", "y"])[0, 0] == value


@pytest.mark.parametrize("cell", ["walk", "inf", "-Infinity", "1,5", "1e"])
def test_what_is_no_number_is_named(cell: str) -> None:
    rows = [["1", "2"], ["3", cell]]
    with pytest.raises(DataError, match="line 3, column 'y': expected a number.*--signal.channels"):
        numbers(rows, ["a.csv, line 2", "a.csv, line 3"], ["x", "y"])


def test_nan_and_numbers_together() -> None:
    found = numbers([["1", "nan"], ["", "4"]], ["a", "b"], ["x", "y"])
    np.testing.assert_array_equal(found, [[1, np.nan], [np.nan, 4]])


def test_dates_are_seconds() -> None:
    assert seconds("2024-05-01T00:00:01.5", "p", "t") - seconds("2024-05-01", "p", "t") == 1.5
    assert seconds("2024-05-01T02:00:00+02:00", "p", "t") == seconds("2024-05-01", "p", "t")
    assert seconds("12.25", "p", "t") == 12.25
    for wrong in ("noon", "", "nan"):
        with pytest.raises(DataError, match="p, column 't'"):
            seconds(wrong, "p", "t")
