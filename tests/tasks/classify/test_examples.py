"""What goes through a classifier keeps its name."""

from __future__ import annotations

import numpy as np

from elman.tasks.classify.examples import Named, Step


def test_a_piece_may_be_many_steps() -> None:
    named, step = Named("a.csv", np.zeros(3)), Step("row 3", np.zeros(3))
    assert len(named.item) == len(step.item) == 3 and named.name == "a.csv"
