r"""The regressor: a whole sequence in, a number out, or a normal distribution of it.

.. math::
    \hat{y} = W\, \text{pool}(\text{body}(\text{frontend}(x))) + b \qquad
    \text{or} \quad y \sim \mathcal{N}(\hat{y}, \sigma^2), \; \ln \sigma^2 = \hat{y}_{D+1}

``(B, T)`` outside, time-major inside. Numbers are in deviations from the mean of what was trained
on; their units, and files, are not known here.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ConfigError, DataError
from elman.models.body import RecurrentBody
from elman.models.classifier import ClassifierState
from elman.models.describe import describe, parameter_count
from elman.models.frontend import Frontend
from elman.models.regressor_config import RegressorConfig
from elman.nn.pooling import make_pooling

__all__ = ["Numbers", "SequenceRegressor", "regression_loss"]

LEAST_LOG_VARIANCE, MOST_LOG_VARIANCE = -10.0, 5.0
"""A variance beyond e to these says nothing of scaled numbers, and its gradient overflows."""


class Numbers(NamedTuple):
    """What a regressor says.

    Attributes:
        mean: ``(..., D)``.
        log_variance: ``(..., D)`` of a normal distribution; None where only a number is learned.
    """

    mean: Tensor
    log_variance: Tensor | None


class SequenceRegressor(nn.Module):
    """A frontend, recurrent layers, pooling and a linear layer, trained together.

    Args:
        frontend: Turns the inputs into ``(T, B, E)``; see `frontend.py`.
        num_targets: Numbers of each sequence, D.
        config: Body, pooling, and what comes out.

    Shape:
        - inputs: what the frontend takes; lengths: ``(B,)`` int64
        - returns: `Numbers`, each ``(B, D)``

    Example:
        >>> from elman.models.signal_frontend import SignalFrontend
        >>> model = SequenceRegressor(SignalFrontend(3, 3), 1, RegressorConfig(hidden_size=4))
        >>> model(torch.randn(2, 5, 3), torch.tensor([5, 3])).mean.shape
        torch.Size([2, 1])
    """

    def __init__(self, frontend: Frontend, num_targets: int, config: RegressorConfig) -> None:
        super().__init__()
        self.num_targets, self.config = num_targets, config
        self.frontend = frontend
        self.body = RecurrentBody(frontend.output_size, config, bidirectional=config.bidirectional)
        size = self.body.output_size
        self.pooling = make_pooling(config.pooling, size, bidirectional=config.bidirectional)
        self.dropout_pooled = nn.Dropout(config.dropout_pooled)
        self.head = nn.Linear(size, num_targets * (2 if config.output == "normal" else 1))
        with torch.no_grad():  # at first the mean of what is trained on, with its deviation
            self.head.weight.mul_(0.1)
            self.head.bias.zero_()

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.head.weight.device

    def forward(self, inputs: Any, lengths: Tensor | None = None) -> Numbers:
        """Return what is said of each sequence; ``None`` for lengths: all steps are valid."""
        features = self.frontend(inputs)
        lengths = None if lengths is None else self.frontend.output_lengths(lengths)
        if features.shape[0] == 0:
            raise DataError("expected at least one step, got none: pad empty sequences to one")
        output = self.body(features, lengths=lengths).output
        return self._said(self.pooling(output, lengths))

    def stream(self, batch: int) -> ClassifierState:
        """Return the state before the first step of ``batch`` sequences that are still arriving.

        Raises:
            ConfigError: If the network needs the end of a sequence before its beginning.
        """
        if self.config.bidirectional:
            raise ConfigError(
                "a network that also reads from the end cannot answer before it is there: train "
                "with --model.no-bidirectional"
            )
        body = self.body.initial_state(batch)
        return ClassifierState(None, body, self.pooling.start(batch, self.head.weight))

    def step(self, inputs: Any, state: ClassifierState) -> tuple[Numbers, ClassifierState]:
        """Read the next steps, at least one; what is said after each is what `forward` says.

        Shape:
            - inputs: what the frontend takes
            - returns: `Numbers`, each ``(T, B, D)``, and the state
        """
        features, before = self.frontend.step(inputs, state.frontend)
        read = self.body(features, state.body)
        pooled, pooling = self.pooling.step(read.output, state.pooling)
        return self._said(pooled), ClassifierState(before, read.state, pooling)

    def _said(self, pooled: Tensor) -> Numbers:
        out: Tensor = self.head(self.dropout_pooled(pooled))
        if self.config.output == "number":
            return Numbers(out, None)
        mean, log_variance = out.chunk(2, -1)
        return Numbers(mean, log_variance.clamp(LEAST_LOG_VARIANCE, MOST_LOG_VARIANCE))

    def parameter_count(self) -> int:
        """Return how many numbers are trained."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)


def regression_loss(said: Numbers, targets: Tensor, kind: str, *, delta: float = 1.0) -> Tensor:
    r"""Return how wrong numbers are, the mean over all of them.

    .. math::
        (y - \hat{y})^2 \quad\text{or}\quad
        \begin{cases} \frac12 (y - \hat{y})^2 & |y - \hat{y}| < \delta \\
        \delta (|y - \hat{y}| - \frac12 \delta) & \text{else} \end{cases} \quad\text{or}\quad
        \frac12 \Big( \ln 2 \pi \sigma^2 + \frac{(y - \hat{y})^2}{\sigma^2} \Big)

    Args:
        said: What the regressor says, ``(..., D)``.
        targets: ``(..., D)``.
        kind: ``"mse"``, ``"huber"``, or ``"normal"``, in nats.
        delta: Where Huber's loss begins to grow evenly.

    Source:
        Huber 1964, doi:10.1214/aoms/1177703732; Nix & Weigend 1994,
        doi:10.1109/ICNN.1994.374138.

    Example:
        >>> regression_loss(Numbers(torch.tensor([[1.0]]), None), torch.tensor([[3.0]]), "mse")
        tensor(4.)
    """
    if kind == "mse":
        return F.mse_loss(said.mean, targets)
    if kind == "huber":
        return F.huber_loss(said.mean, targets, delta=delta)
    if said.log_variance is None:
        raise ConfigError("loss 'normal' needs a network with output = 'normal'")
    square = (targets - said.mean).square() * torch.exp(-said.log_variance)
    return 0.5 * (math.log(2 * math.pi) + said.log_variance + square).mean()
