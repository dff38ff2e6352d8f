r"""Label smoothing without the logits of all rows.

The smoothed target gives :math:`1-\varepsilon` to the true token and spreads
:math:`\varepsilon` evenly over the vocabulary. Its cross entropy is the plain one and a term in
which no sum over the vocabulary is left, because the mean of all logits is linear in the features:

.. math::
    \ell_\varepsilon = \ell + \varepsilon\,\bigl(z_y - \bar z\bigr) \qquad
    \bar z = \tfrac1V \sum_v (w_v^\top h + b_v) = \bar w^\top h + \bar b
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

__all__ = ["smoothing_penalty"]


def smoothing_penalty(h: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    r"""Return the mean of :math:`z_y - \bar z`: times epsilon, what smoothing adds to the nats.

    Args:
        h: Features of each row.
        weight: One vector for each token.
        bias: One number for each token.
        targets: Token ids; rows below zero are padding, left out of the mean. The mean of no
            rows is 0.

    Shape:
        - h: ``(N, H)``; weight: ``(V, H)``; bias: ``(V,)``; targets: ``(N,)`` int64
        - returns: ``()``

    Source:
        Szegedy et al. 2016, arXiv:1512.00567.

    Example:
        >>> import torch
        >>> h, weight, targets = torch.ones(2, 3), torch.ones(5, 3), torch.tensor([1, 4])
        >>> smoothing_penalty(h, weight, torch.zeros(5), targets)
        tensor(0.)
    """
    counted = (targets >= 0).to(h.dtype)
    index = targets.clamp(min=0)
    true = (h * F.embedding(index, weight)).sum(-1) + bias[index]
    mean = h @ weight.mean(0) + bias.mean()
    total: Tensor = ((true - mean) * counted).sum()
    return total / counted.sum().clamp(min=1)
