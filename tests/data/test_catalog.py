"""The catalog's sums are right."""

from elman.data.catalog import CATALOG


def test_the_size_is_that_of_all_files() -> None:
    assert CATALOG["multi30k"].size == 1_296_271
    assert len(CATALOG["multi30k"].files) == 6
