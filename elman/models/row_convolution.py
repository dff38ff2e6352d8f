r"""A bounded look into the future for a network that hears in one direction only.

.. math::
    y_{th} = \sum_{j=0}^{L} w_{jh}\, x_{t+j,h}
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman._errors import ConfigError
from elman._shapes import check_shape

__all__ = ["RowConvolution"]


class RowConvolution(nn.Module):
    """Each feature by itself, mixed with its next L steps; beyond the end there are zeros.

    It starts as the identity.

    Args:
        features: H.
        lookahead: Steps that are waited for, L.

    Shape:
        - x: ``(T, B, H)``
        - returns: the same

    Source:
        Wang, Amodei et al. 2016, Lookahead convolution layer for unidirectional recurrent neural
        networks; Deep Speech 2, arXiv:1512.02595.

    Example:
        >>> row = RowConvolution(3, 2)
        >>> x = torch.randn(5, 1, 3)
        >>> torch.equal(row(x), x)
        True
    """

    def __init__(self, features: int, lookahead: int) -> None:
        super().__init__()
        if lookahead < 1:
            raise ConfigError(f"lookahead: expected at least 1 step, got {lookahead}")
        self.lookahead = lookahead
        self.weight = nn.Parameter(torch.zeros(lookahead + 1, features))
        with torch.no_grad():
            self.weight[0] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        """Run over whole rows."""
        return self.inner(nn.functional.pad(x, (0, 0, 0, 0, 0, self.lookahead)))

    def inner(self, x: Tensor) -> Tensor:
        """Return only those steps whose next L steps are there: L fewer than came."""
        check_shape("x", x, T=None, B=None, H=self.weight.shape[1])
        steps = max(0, x.shape[0] - self.lookahead)
        output = x.new_zeros(steps, *x.shape[1:])
        for j in range(self.lookahead + 1):
            output = output + self.weight[j] * x[j : j + steps]
        return output

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.weight.shape[1]}, lookahead={self.lookahead}"
