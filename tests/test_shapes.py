from __future__ import annotations

import numpy as np
import pytest

from elman._errors import ShapeError
from elman._shapes import check_shape


def test_none_lets_any_size_through() -> None:
    check_shape("x", np.zeros((0, 7)), B=None, I=7)


@pytest.mark.parametrize("shape", [(7,), (2, 7, 1), (2, 6)])
def test_wrong_rank_or_size_names_both(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"x: expected \(B, I=7\), got \("):
        check_shape("x", np.zeros(shape), B=None, I=7)
