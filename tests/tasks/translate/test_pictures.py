"""The picture of attention differs with the weights, and takes any token."""

from __future__ import annotations

import numpy as np
import pytest

from elman.tasks.translate.pictures import attention_picture


def test_attention_is_drawn_whatever_the_tokens() -> None:
    pytest.importorskip("matplotlib")
    even, one = np.full((2, 3), 1 / 3, np.float32), np.eye(2, 3, dtype=np.float32)
    drawn = attention_picture(["$a$", "b_", "⏎"], ["c", "⏎"], even)
    assert drawn.title == "c" and drawn.image[:4] == b"\x89PNG"
    assert drawn.image != attention_picture(["$a$", "b_", "⏎"], ["c", "⏎"], one).image
