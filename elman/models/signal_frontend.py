r"""The frontend of numeric sequences: rows of values, masks and times in, features out.

Rows come scaled and filled; see `elman.data.signal.encode` for what stands in them. What is learned
here is how fast a value that has not been seen for a while is forgotten, and a projection.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ShapeError
from elman.models.frontend import Frontend

__all__ = ["SignalFrontend"]


class SignalFrontend(Frontend):
    r"""Let old values fade, and project rows to features.

    .. math::
        \hat{x}_t = m_t\, \gamma_t\, x_{t'} + (1 - m_t)\, x_t \qquad
        \gamma_t = \exp(-\max(0, w \delta_t + b))

    where m says that a value is missing, :math:`x_{t'}` is the last one before it and
    :math:`\delta` its age: the value falls back to 0, the channel's mean.

    Args:
        width: Numbers of a row.
        channels: The first so many are values.
        rows_per_step: Rows that stand side by side in one step.
        decay: Whether missing values fade; a row then holds values, masks and ages, as many of
            each, and whatever follows.
        project: Features that a linear layer makes of a step; None: the step itself.

    Shape:
        - steps: ``(B, T, rows_per_step * width)``
        - returns: ``(T, B, E)``

    Source:
        Che et al. 2018, doi:10.1038/s41598-018-24271-9 (GRU-D: the decay of inputs).

    Example:
        >>> SignalFrontend(7, 3, project=5)(torch.randn(2, 4, 7)).shape
        torch.Size([4, 2, 5])
    """

    def __init__(
        self,
        width: int,
        channels: int,
        *,
        rows_per_step: int = 1,
        decay: bool = False,
        project: int | None = None,
    ) -> None:
        super().__init__()
        if decay and width < 3 * channels:
            raise ShapeError(
                f"width: a decay needs values, masks and ages, 3 x {channels} numbers, got {width}"
            )
        self.width, self.channels, self.rows_per_step = width, channels, rows_per_step
        self.decay_weight = self.decay_bias = None
        if decay:  # at first almost nothing fades within one usual gap
            self.decay_weight = nn.Parameter(torch.full((channels,), 0.1))
            self.decay_bias = nn.Parameter(torch.zeros(channels))
        size = rows_per_step * width
        self.project = nn.Linear(size, project) if project is not None else None
        self.output_size = size if project is None else project

    def forward(self, steps: Tensor) -> Tensor:
        """Return the features of steps."""
        if steps.shape[-1] != self.rows_per_step * self.width:
            raise ShapeError(
                f"steps have {steps.shape[-1]} numbers, expected {self.rows_per_step * self.width} "
                f"(steps: {tuple(steps.shape)})"
            )
        if self.decay_weight is not None and self.decay_bias is not None:
            rows = steps.reshape(*steps.shape[:-1], self.rows_per_step, self.width)
            values, missing, age = rows[..., : 3 * self.channels].chunk(3, -1)
            rate = F.relu(self.decay_weight * age + self.decay_bias)
            faded = values * torch.exp(-rate * missing)
            steps = torch.cat([faded, rows[..., self.channels :]], -1).flatten(-2)
        features = steps.transpose(0, 1)
        return features if self.project is None else torch.relu(self.project(features))

    def extra_repr(self) -> str:
        """Show the sizes."""
        decay = ", decay" if self.decay_weight is not None else ""
        return f"{self.width}, {self.channels}, rows_per_step={self.rows_per_step}{decay}"
