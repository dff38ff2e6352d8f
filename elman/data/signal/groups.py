"""Which recordings are held out: whole groups, so that no part knows a person of another.

A split that draws single recordings, or worse single windows, puts the same person on both sides.
What is then measured is how well the network knows these persons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elman._errors import DataError
from elman.data.signal.columns import unknown_group
from elman.data.signal.config import SignalLayout
from elman.data.signal.recording import Recordings
from elman.data.split import Rows, split_rows
from elman.data.table import listed

__all__ = ["split_groups"]


def split_groups(
    groups: Sequence[str], config: SignalLayout, sizes: Sequence[int] | None = None
) -> Rows:
    """Divide recordings so that each group is in one part, the same for a seed.

    Groups named in the configuration go where it says; the others are drawn, those first that
    bring a part nearest to its fraction.

    Args:
        groups: The group of each recording, ``(N,)``.
        config: The fractions, and groups by name.
        sizes: What each recording counts; None: one.

    Raises:
        DataError: If a group is not there, or a part that is asked for would be empty.

    Example:
        >>> rows = split_groups(["a", "a", "b", "c"], SignalLayout(test_groups=("a",)))
        >>> rows.test.tolist(), len(rows.valid), len(rows.train)
        ([0, 1], 1, 1)
    """
    known = list(dict.fromkeys(groups))
    of = np.array([known.index(group) for group in groups], np.int64)
    counts = np.bincount(of, sizes, minlength=len(known))
    part = np.full(len(known), -1)
    for name, number in (("valid", 1), ("test", 2)):
        for group in getattr(config, f"{name}_groups"):
            if group not in known:
                raise unknown_group(group, known, f"{name}_groups")
            part[known.index(group)] = number
    order = np.random.default_rng(config.split_seed).permutation(len(known))
    valid, test = config.held_out()
    for number, fraction in ((2, test), (1, valid)):
        if fraction:
            draw(part, order, counts, number, fraction * counts.sum())
    part[part < 0] = 0
    rows = Rows(*(np.flatnonzero(part[of] == number) for number in range(3)))
    asked = (True, bool(valid or config.valid_groups), bool(test or config.test_groups))
    for name, wanted, found in zip(("train", "valid", "test"), asked, rows, strict=True):
        if wanted and not len(found):
            raise DataError(
                f"{len(known)} groups ({listed(known, 8)}) leave none for the {name} part. Give "
                "more, or set --signal.valid-fraction and --signal.test-fraction"
            )
    return rows


def draw(
    part: np.ndarray, order: np.ndarray, counts: np.ndarray, number: int, wanted: float
) -> None:
    """Put groups that are still free into a part until it is as near as can be to its size."""
    have = 0.0
    for group in order:
        if part[group] >= 0:
            continue
        more = have + counts[group]
        if have and abs(more - wanted) >= abs(have - wanted):
            continue
        if np.count_nonzero(part < 0) <= 1:
            return  # the last is for the training
        part[group], have = number, more


def split_recordings(recordings: Recordings, config: SignalLayout) -> Rows:
    """Divide recordings: by group where they have groups, else one by one, every label alike.

    Raises:
        DataError: If some have a group and some have none, or as `split_groups`.
    """
    groups = [item.group for item in recordings]
    if any(group is not None for group in groups):
        return split_groups([str(group) for group in groups], config)
    for name in ("valid_groups", "test_groups"):
        if getattr(config, name):
            raise DataError(
                f"--signal.{name.replace('_', '-')}: no column tells groups apart. Name it: "
                "--signal.group NAME"
            )
    strata = None
    if all(len(item.labels) == 1 for item in recordings):
        strata = np.array([str(item.labels[0]) for item in recordings])
        if len(np.unique(strata)) > len(strata) / 2:
            strata = None  # numbers, or names: nothing to divide alike
    return split_rows(len(recordings), config, strata)
