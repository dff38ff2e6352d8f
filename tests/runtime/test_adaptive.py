"""The adaptive softmax equals torch's."""

from __future__ import annotations

import numpy as np
import torch

from elman.runtime import AdaptiveHead
from elman.runtime.adaptive import adaptive_log_probs


def test_equals_torchs() -> None:
    torch.manual_seed(0)
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 40, [7, 20], div_value=4.0).double()
    tails = tuple((t[0].weight.detach().numpy(), t[1].weight.detach().numpy()) for t in theirs.tail)
    head = AdaptiveHead(theirs.head.weight.detach().numpy(), tails)
    h = torch.randn(3, 16, dtype=torch.float64) * 5
    expected = theirs.log_prob(h).detach().numpy()
    np.testing.assert_allclose(adaptive_log_probs(head, h.numpy()), expected, atol=1e-12)
