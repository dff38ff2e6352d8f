"""Splits: every example in one part, the same for a seed, classes alike in each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.config import SplitConfig
from elman.data.split import split_rows


@given(st.integers(10, 300), st.sampled_from([0.0, 0.1, 0.25]), st.sampled_from([0.0, 0.1, 0.3]))
def test_every_example_is_in_one_part(count: int, valid: float, test: float) -> None:
    rows = split_rows(count, SplitConfig(valid_fraction=valid, test_fraction=test))
    assert sorted(np.concatenate(rows).tolist()) == list(range(count))
    assert [len(rows.valid), len(rows.test)] == [round(valid * count), round(test * count)]
    for part in rows:
        assert (np.diff(part) > 0).all()


def test_a_seed_gives_one_split_and_another_seed_another() -> None:
    first, again = (split_rows(100, SplitConfig()) for _ in range(2))
    other = split_rows(100, SplitConfig(split_seed=1))
    assert (first.test == again.test).all()
    assert (first.test != other.test).any()


def test_each_part_has_every_class_in_its_share() -> None:
    classes = ["rare"] * 20 + ["common"] * 180
    rows = split_rows(200, SplitConfig(valid_fraction=0.1, test_fraction=0.2), classes)
    for part, size in zip(rows, (140, 20, 40), strict=True):
        assert len(part) == size
        assert sum(row < 20 for row in part) == size // 10


def test_a_part_with_its_own_file_takes_nothing() -> None:
    rows = split_rows(10, SplitConfig(valid="valid.tsv", test="test.tsv"))
    assert [len(part) for part in rows] == [10, 0, 0]


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_too_few_examples_are_an_error_that_names_the_part(count: int) -> None:
    with pytest.raises(DataError, match=rf"{count} examples leave none for the \w+ part"):
        split_rows(count, SplitConfig())
