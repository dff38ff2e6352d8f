from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.signal.arriving import arriving_rows


def test_each_row_comes_as_soon_as_its_line() -> None:
    asked: list[int] = []

    def lines() -> Iterator[str]:
        for k, line in enumerate(["t;b;a", "0;1;2", "0.5;3;", "1;5;6"]):
            asked.append(k)
            yield line + "\n"

    rows = arriving_rows(lines(), ["a", "b"], "t")
    first = next(rows)
    assert asked == [0, 1] and first.stamp == "0" and first.values.tolist() == [[2, 1]]
    assert first.times is not None and first.times.tolist() == [0]
    np.testing.assert_array_equal(next(rows).values, [[np.nan, 3]])


def test_without_names_columns_stand_in_order() -> None:
    rows = list(arriving_rows(["0.1,5,6", "", "0.2,7,8"], ["a", "b"], "t"))
    assert [row.stamp for row in rows] == ["0.1", "0.2"] and rows[1].values.tolist() == [[7, 8]]
    plain = list(arriving_rows(["5,6.5", "7,8"], ["a", "b"], None))
    assert [row.stamp for row in plain] == ["1", "2"] and plain[0].times is None


def test_a_time_that_was_not_learned_is_the_stamp() -> None:
    row = next(arriving_rows(["time,a", "3.5,1"], ["a"], None))
    assert row.stamp == "3.5"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,b", "1,2,3"], "line 2: expected 2 columns, found 3"),
        (["a,c", "1,2"], "line 1: no column 'b'"),
        (["a,b", "1,x"], "line 2, column 'b': expected a number"),
        (["t,a,b", "2,1,1", "1,1,1"], "line 3: time runs backwards: 1 after 2"),
    ],
)
def test_mistakes_are_named_with_their_line(lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=f"standard input, {message}"):
        list(arriving_rows(lines, ["a", "b"], "t" if lines[0].startswith("t") else None))
