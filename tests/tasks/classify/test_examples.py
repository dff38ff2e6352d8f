"""Parts of a set are found by name."""

from __future__ import annotations

import numpy as np

from elman.data.labelled import Examples
from elman.tasks.classify.examples import Sets


def test_part_by_name() -> None:
    parts = [Examples(np.zeros(0, np.uint8), np.zeros(1, np.int64), np.full(n, n)) for n in (1, 2)]
    sets = Sets(("a", "b"), parts[0], parts[1], parts[0], "f")
    assert sets.part("train") is parts[0] and sets.part("valid") is parts[1]
