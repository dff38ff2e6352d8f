r"""The piano-roll model: which keys sound in the next frame, each by its own chance.

.. math::
    e_t &= \tanh(E x_t + a) \\
    z_t &= W\, \text{body}(e_{\le t}) + D\, x_t + b \\
    p(x_{t+1,k} = 1 \mid x_{\le t}) &= \sigma(z_{tk})

``(B, T, K)`` outside, time-major inside. Knows frames of zeros and ones, nothing of music.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ConfigError, DataError
from elman._shapes import check_shape
from elman.models.body import RecurrentBody
from elman.models.composer_config import RollModelConfig
from elman.models.describe import describe, parameter_count
from elman.nn.state import State

__all__ = ["RollLoss", "RollModel"]

RollState = tuple[State, ...]
RARE = 1e-4
"""The least chance that a key starts with."""


class RollLoss(NamedTuple):
    """What `RollModel.loss` returns.

    Attributes:
        nats: Mean nats of a counted frame, the sum over its keys: the NLL of the papers.
        frames: How many frames that is a mean of.
        state: The memory after the last frame.
    """

    nats: Tensor
    frames: int
    state: RollState


class RollModel(nn.Module):
    """Recurrent layers over frames, and a chance for each key that does not know the others'.

    Args:
        keys: Keys of a frame, K.
        config: Everything else.

    Shape:
        - frames: ``(B, T, K)`` of 0 and 1; reset: ``(B, T)`` bool
        - state: a tuple with one state for each layer; ``None`` means zeros

    Source:
        Boulanger-Lewandowski, Bengio & Vincent 2012, arXiv:1206.6392, without its RBM; as measured
        by Bai, Kolter & Koltun 2018, arXiv:1803.01271.

    Example:
        >>> model = RollModel(88, RollModelConfig(hidden_size=8))
        >>> logits, state = model(torch.zeros(1, 3, 88))
        >>> logits.shape
        torch.Size([1, 3, 88])
    """

    def __init__(self, keys: int, config: RollModelConfig) -> None:
        super().__init__()
        if keys < 1:
            raise ConfigError(f"keys: expected at least 1, got {keys}")
        self.keys, self.config = keys, config
        self.embedding = None
        if config.embedding_size is not None:
            self.embedding = nn.Linear(keys, config.embedding_size)
        self.dropout_keys = nn.Dropout(config.dropout_keys)
        self.body = RecurrentBody(config.embedding_size or keys, config)
        self.head = nn.Linear(self.body.output_size, keys)
        # it hears every key: what the memory misses of the last frame, this path says
        self.direct = nn.Linear(keys, keys, bias=False) if config.direct else None
        if self.direct is not None:
            nn.init.zeros_(self.direct.weight)  # the memory has the first word

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.head.weight.device

    def expect(self, chances: Tensor) -> None:
        """Start from how often each key sounds, ``(K,)``: then nothing else needs to learn it."""
        check_shape("chances", chances, K=self.keys)
        with torch.no_grad():
            self.head.bias.copy_(chances.clamp(RARE, 1 - RARE).logit())

    def forward(
        self, frames: Tensor, state: RollState | None = None, *, reset: Tensor | None = None
    ) -> tuple[Tensor, RollState]:
        """Return the logits ``(B, T, K)`` of the frame after each frame, and the state.

        Args:
            frames: What is heard.
            state: The memory to start from.
            reset: True where a piece starts: the memory is zero before that frame.
        """
        check_shape("frames", frames, B=None, T=None, K=self.keys)
        if frames.shape[1] == 0:
            raise DataError("frames: expected at least one, got none")
        if reset is not None:
            check_shape("reset", reset, B=frames.shape[0], T=frames.shape[1])
            reset = reset.T
        x = frames.transpose(0, 1).to(self.head.weight.dtype)
        heard = self.dropout_keys(x)
        if self.embedding is not None:
            heard = self.embedding(heard).tanh()
        output, _, state = self.body(heard, state, reset=reset)
        logits = self.head(output)
        if self.direct is not None:
            logits = logits + self.direct(x)
        return logits.transpose(0, 1), state

    def loss(
        self,
        frames: Tensor,
        targets: Tensor,
        mask: Tensor,
        state: RollState | None = None,
        *,
        reset: Tensor | None = None,
    ) -> RollLoss:
        """Return the mean nats of the counted target frames; of none it is 0.

        Args:
            frames: What is heard, ``(B, T, K)``.
            targets: The frame after each, ``(B, T, K)``.
            mask: Which of them count, ``(B, T)``.
            state: The memory to start from.
            reset: True where a piece starts.
        """
        check_shape("mask", mask, B=frames.shape[0], T=frames.shape[1])
        nats, state = self.nats(frames, targets, state, reset=reset)
        count = int(mask.sum())
        return RollLoss(torch.where(mask, nats, 0.0).sum() / max(1, count), count, state)

    def nats(
        self,
        frames: Tensor,
        targets: Tensor,
        state: RollState | None = None,
        *,
        reset: Tensor | None = None,
    ) -> tuple[Tensor, RollState]:
        """Return the nats ``(B, T)`` of each target frame, and the state."""
        check_shape("targets", targets, B=frames.shape[0], T=frames.shape[1], K=self.keys)
        logits, state = self(frames, state, reset=reset)
        of_keys = F.binary_cross_entropy_with_logits(
            logits, targets.to(logits.dtype), reduction="none"
        )
        return of_keys.sum(dim=2), state

    def parameter_count(self) -> int:
        """Return how many numbers are trained."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)
