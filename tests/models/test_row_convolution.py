"""The row convolution sees exactly as far ahead as it says."""

from __future__ import annotations

import pytest
import torch

from elman._errors import ConfigError
from elman.models.row_convolution import RowConvolution


def test_it_is_the_sum_of_the_next_steps() -> None:
    row = RowConvolution(3, 2)
    torch.nn.init.normal_(row.weight)
    x = torch.randn(6, 2, 3)
    padded = torch.cat([x, torch.zeros(2, 2, 3)])
    wanted = torch.stack([(padded[t : t + 3] * row.weight[:, None]).sum(0) for t in range(6)])
    torch.testing.assert_close(row(x), wanted)
    torch.testing.assert_close(row.inner(x), wanted[:4])
    assert row.inner(x[:1]).shape == (0, 2, 3)


def test_no_look_ahead_is_no_layer() -> None:
    with pytest.raises(ConfigError, match="lookahead: expected at least 1 step, got 0"):
        RowConvolution(3, 0)
    assert repr(RowConvolution(3, 2)) == "RowConvolution(3, lookahead=2)"
