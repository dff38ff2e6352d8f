r"""Linear models of plain features: what a network on sequences has to beat.

.. math::
    p(c \mid f) = \text{softmax}(W f + b)_c \qquad \hat{y} = W f + b

Features are scaled by their mean and deviation in what they are fitted to.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["LogisticRegression", "RidgeRegression"]

Floats = NDArray[np.floating[Any]]


class Scaled:
    """Features as deviations from their mean; one that never changes becomes 0."""

    def __init__(self, features: Floats) -> None:
        x = np.asarray(features, np.float64)
        self.mean = x.mean(0)
        deviation = x.std(0)
        self.deviation = np.where(deviation > 1e-9, deviation, np.inf)

    def __call__(self, features: Floats) -> Floats:
        """Scale features ``(N, F)``."""
        return np.asarray((np.asarray(features, np.float64) - self.mean) / self.deviation)


class LogisticRegression:
    """Multinomial logistic regression with an L2 penalty.

    Args:
        num_classes: Classes, C.
        penalty: Weight of half the squared norm, against the summed nats of all examples.

    Example:
        >>> features, labels = np.array([[0.0], [0.1], [0.9], [1.0]]), np.array([0, 0, 1, 1])
        >>> model = LogisticRegression(2).fit(features, labels)
        >>> model.log_probs(features).argmax(1)
        array([0, 0, 1, 1])
    """

    def __init__(self, num_classes: int, penalty: float = 1.0) -> None:
        self.num_classes, self.penalty = num_classes, penalty

    def fit(self, features: Floats, labels: NDArray[np.int64]) -> LogisticRegression:
        """Find the minimum, which is one alone, by L-BFGS."""
        self._scaled = Scaled(features)
        x = torch.from_numpy(self._scaled(features))
        targets = torch.from_numpy(np.asarray(labels, np.int64))
        self._weight = torch.zeros(
            x.shape[1], self.num_classes, dtype=torch.float64, requires_grad=True
        )
        self._bias = torch.zeros(self.num_classes, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [self._weight, self._bias], max_iter=300, line_search_fn="strong_wolfe"
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            nats = F.cross_entropy(x @ self._weight + self._bias, targets, reduction="sum")
            total = (nats + 0.5 * self.penalty * self._weight.square().sum()) / len(targets)
            total.backward()  # type: ignore[no-untyped-call]
            return total

        with torch.enable_grad():
            optimizer.step(loss)  # type: ignore[no-untyped-call]
        return self

    @torch.no_grad()
    def log_probs(self, features: Floats) -> NDArray[np.float64]:
        """Return log-probabilities ``(N, C)``."""
        logits = torch.from_numpy(self._scaled(features)) @ self._weight + self._bias
        return np.asarray(logits.log_softmax(-1).numpy())


class RidgeRegression:
    """Linear regression of one or more numbers with an L2 penalty.

    Args:
        penalty: Weight of the squared norm, against the summed squared errors.

    Example:
        >>> features = np.array([[0.0], [1.0], [2.0]])
        >>> model = RidgeRegression(penalty=0.0).fit(features, 3 * features + 1)
        >>> model.predict(np.array([[10.0]]))
        array([[31.]])
    """

    def __init__(self, penalty: float = 1.0) -> None:
        self.penalty = penalty

    def fit(self, features: Floats, targets: Floats) -> RidgeRegression:
        """Solve for the weights of targets ``(N, D)``."""
        self._scaled = Scaled(features)
        x, y = self._scaled(features), np.asarray(targets, np.float64)
        self._mean = y.mean(0)
        # The same as the normal equations, without squaring their condition.
        root = np.sqrt(self.penalty) * np.eye(x.shape[1])
        above = np.concatenate([x, root])
        below = np.concatenate([y - self._mean, np.zeros((x.shape[1], y.shape[1]))])
        self._weight = np.linalg.lstsq(above, below, rcond=None)[0]
        return self

    def predict(self, features: Floats) -> NDArray[np.float64]:
        """Return numbers ``(N, D)``."""
        return np.asarray(self._scaled(features) @ self._weight + self._mean)
