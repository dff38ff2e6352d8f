"""Which examples of a file are for training, which for validation, which for the last test."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.config import SplitConfig

__all__ = ["Rows", "split_rows"]

Indices = NDArray[np.int64]


class Rows(NamedTuple):
    """The examples of each part by number, in the order of the file; each in one part only."""

    train: Indices
    valid: Indices
    test: Indices


def split_rows(
    count: int, config: SplitConfig, strata: Sequence[Any] | NDArray[Any] | None = None
) -> Rows:
    """Divide the examples of one file as the configuration says, the same for a seed.

    Args:
        count: Examples, N.
        config: The fractions; a part that has a file of its own takes nothing.
        strata: The class of each example, ``(N,)``: then every class is divided alike.

    Raises:
        DataError: If a part that is asked for, or the training, would be empty.

    Example:
        >>> rows = split_rows(10, SplitConfig(valid_fraction=0.2, test_fraction=0.1))
        >>> [len(part) for part in rows]
        [7, 2, 1]
    """
    rng = np.random.default_rng(config.split_seed)
    order = rng.permutation(count)
    if strata is not None:
        order = dealt(order, np.unique(np.asarray(strata), return_inverse=True)[1])
    fractions = [Fraction(str(part)) for part in config.held_out()]
    test, valid = (round(part * count) for part in reversed(fractions))
    parts = {"test": order[:test], "valid": order[test : test + valid]}
    parts["train"] = order[test + valid :]
    asked = {"train": True, "valid": bool(fractions[0]), "test": bool(fractions[1])}
    for name, wanted in asked.items():
        if wanted and not len(parts[name]):
            raise DataError(
                f"{count} examples leave none for the {name} part. Give more examples, or set "
                "valid_fraction and test_fraction"
            )
    return Rows(*(np.sort(parts[name]) for name in ("train", "valid", "test")))


def dealt(order: Indices, classes: Indices) -> Indices:
    """Reorder so that any beginning holds every class in about its share.

    The k-th of the n examples of a class stands at (k + 1/2) / n of the way.
    """
    place = np.empty(len(order))
    for kind in np.unique(classes):
        own = order[classes[order] == kind]
        place[own] = (np.arange(len(own)) + 0.5) / len(own)
    return order[np.argsort(place[order], kind="stable")]
