r"""What each step of a sequence contributes to a classifier's decision: integrated gradients.

.. math::
    a_t = \sum_e x_{t,e} \int_0^1 \frac{\partial s(\alpha x)}{\partial x_{t,e}}\, d\alpha
    \qquad s = \ln \frac{p_c}{1 - p_c}

``x`` are the features that the frontend gave and ``s`` the log-odds of class c. The way goes from
all features zero to the features as they are, so the contributions sum to ``s(x) - s(0)``: they
share out, in nats, all that the sequence has said (completeness).

Source: Sundararajan, Taly & Yan 2017, arXiv:1703.01365.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from elman._errors import DataError
from elman.models.classifier import SequenceClassifier

__all__ = ["Attribution", "integrated_gradients"]

POINTS = 32
MAX_POINTS = 512
GAP = 0.01
"""Part of the difference that may be missing from the sum before more points are taken."""
BATCH_STEPS = 1 << 16
"""Steps that are run at once: bounds the memory for long sequences."""


class Attribution(NamedTuple):
    """The contributions to one decision.

    Attributes:
        contributions: ``(T,)``, in nats of log-odds; positive speaks for the class.
        score: Log-odds of the class given the sequence.
        base: Log-odds given features of zero: what the classifier says of nothing.
        gap: ``score - base - sum(contributions)``: the error of the integral.
    """

    contributions: Tensor
    score: float
    base: float
    gap: float


def integrated_gradients(
    model: SequenceClassifier, features: Tensor, target: int, points: int = POINTS
) -> Attribution:
    """Explain why a sequence is, or is not, of a class.

    The integral is a Gauss-Legendre sum; its points double until the contributions sum to the
    difference within 1 %, or there are 512.

    Args:
        model: The classifier; looked at in evaluation mode and put back.
        features: What its frontend gave for one sequence, ``(T, 1, E)``.
        target: The class.
        points: Points of the integral to begin with.

    Raises:
        DataError: If there is more than one sequence, or no step.

    Example:
        >>> from elman.models.classifier import token_classifier
        >>> from elman.models.classifier_config import TokenClassifierConfig
        >>> model = token_classifier(10, 2, TokenClassifierConfig(hidden_size=4)).eval()
        >>> found = integrated_gradients(model, model.frontend(torch.tensor([[1, 2, 3]])), 0)
        >>> found.contributions.shape, abs(found.gap) < 0.1
        (torch.Size([3]), True)
    """
    if features.dim() != 3 or features.shape[1] != 1 or features.shape[0] == 0:
        raise DataError(f"features: expected (T, 1, E) with T >= 1, got {tuple(features.shape)}")
    features = features.detach()
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            ends = torch.cat([torch.zeros_like(features), features], dim=1)
            base, score = log_odds(model, ends, target).tolist()
        while True:
            gradient = mean_gradient(model, features, target, points)
            contributions = (gradient * features).sum(-1)[:, 0]
            gap = score - base - float(contributions.sum())
            if abs(gap) <= GAP * abs(score - base) or points >= MAX_POINTS:
                return Attribution(contributions, score, base, gap)
            points *= 2
    finally:
        model.train(training)


def mean_gradient(model: SequenceClassifier, features: Tensor, target: int, points: int) -> Tensor:
    """Return the mean of the gradient ``(T, 1, E)`` on the way from zero to the features."""
    places, weights = np.polynomial.legendre.leggauss(points)
    at_once = max(1, BATCH_STEPS // features.shape[0])
    total = torch.zeros_like(features)
    for first in range(0, points, at_once):
        part = slice(first, first + at_once)
        alpha = features.new_tensor((places[part] + 1) / 2).reshape(1, -1, 1)
        weight = features.new_tensor(weights[part] / 2)
        way = (alpha * features).requires_grad_()  # (T, points, E)
        with torch.enable_grad():
            scores = log_odds(model, way, target)
        (gradient,) = torch.autograd.grad(scores, way, weight)
        total += gradient.sum(1, keepdim=True)
    return total


def log_odds(model: SequenceClassifier, features: Tensor, target: int) -> Tensor:
    """Return ``(B,)`` log-odds of a class against all others, calibrated as probabilities are."""
    logits = model.from_features(features) / model.temperature
    others = torch.arange(logits.shape[1], device=logits.device) != target
    return logits[:, target] - logits[:, others].logsumexp(-1)
