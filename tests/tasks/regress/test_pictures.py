from __future__ import annotations

import numpy as np
import pytest

from elman.tasks.regress.data import Told
from elman.tasks.regress.pictures import told_picture


@pytest.mark.parametrize("sure", [False, True])
def test_told_and_true_numbers_are_drawn(sure: bool) -> None:
    pytest.importorskip("matplotlib")
    true = np.random.default_rng(0).normal(size=50)
    drawn = told_picture(true, Told(true + 0.1, np.full(50, 0.2) if sure else None))
    assert drawn.image.startswith(b"\x89PNG") and ("Bars" in drawn.caption) is sure
