r"""The language model: what comes next, given all that came before.

.. math::
    p(w_{t+1} \mid w_{\le t}) = \text{head}(\text{body}(\text{embedding}(w_t), \text{state}_t))

``(B, T)`` outside, time-major inside. Knows nothing of text, files or training. The parts are
in `embedding.py`, `body.py` and `head.py`; `generate.py` writes with it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman._errors import ConfigError, DataError, DtypeError
from elman._shapes import check_shape
from elman.models.body import BodyOutput, RecurrentBody
from elman.models.config import LanguageModelConfig
from elman.models.describe import describe, parameter_count
from elman.models.embedding import TokenEmbedding
from elman.models.head import AdaptiveHead, LinearHead, TokenHead
from elman.nn.state import State

__all__ = ["LanguageModel", "LanguageModelLoss"]

LanguageState = tuple[State, ...]
"""The memory: one state for each layer."""


class LanguageModelLoss(NamedTuple):
    """What `LanguageModel.loss` returns.

    Attributes:
        nats: Mean nats per token: what is reported.
        total: ``nats`` plus, in training, the penalties AR and TAR: what is minimised.
        state: The memory after the last token.
    """

    nats: Tensor
    total: Tensor
    state: LanguageState


class LanguageModel(nn.Module):
    """An embedding, recurrent layers and a softmax, trained together.

    With ``tie_weights`` embedding and softmax are one tensor. The softmax takes the last layer's
    output, so that layer then has ``embedding_size`` units, as in AWD-LSTM, and no projection is
    needed in between.

    Args:
        vocab_size: Tokens, V.
        config: Everything else.

    Raises:
        ConfigError: If the vocabulary does not fit the configuration.

    Shape:
        - tokens, targets: ``(B, T)`` int64; reset: ``(B, T)`` bool
        - state: a tuple with one state for each layer; ``None`` means zeros

    Example:
        >>> model = LanguageModel(65, LanguageModelConfig(hidden_size=8, dropout=0))
        >>> logits, state = model(torch.tensor([[1, 2, 3]]))
        >>> logits.shape
        torch.Size([1, 3, 65])
        >>> more, state = model(torch.tensor([[4]]), state)
    """

    def __init__(self, vocab_size: int, config: LanguageModelConfig) -> None:
        super().__init__()
        if vocab_size < 1:
            raise ConfigError(f"vocab_size: expected at least 1, got {vocab_size}")
        self.vocab_size = vocab_size
        self.config = config
        self.embedding = TokenEmbedding(
            vocab_size,
            config.embedding_size,
            dropout=config.dropout_embedding,
            sparse=config.sparse_embedding,
        )
        tied = self.embedding.weight if config.tie_weights else None
        self.body = RecurrentBody(
            config.embedding_size,
            config,
            last_size=None if tied is None else config.embedding_size,
        )
        self.head: TokenHead
        if config.adaptive_cutoffs:
            self.head = AdaptiveHead(self.body.output_size, vocab_size, config.adaptive_cutoffs)
        else:
            self.head = LinearHead(self.body.output_size, vocab_size, weight=tied)
        if tied is not None:
            nn.init.uniform_(tied, -0.1, 0.1)  # a softmax wants smaller weights than an embedding

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.embedding.weight.device

    def initial_state(self, batch: int) -> LanguageState:
        """Return the zero state of ``batch`` rows."""
        return self.body.initial_state(batch)

    def forward(
        self, tokens: Tensor, state: LanguageState | None = None, *, reset: Tensor | None = None
    ) -> tuple[Tensor, LanguageState]:
        """Return logits ``(B, T, V)`` of the token after each token, and the state.

        Args:
            tokens: What is read.
            state: The memory to start from.
            reset: True where a text starts: the memory is zero before that token.
        """
        output, _, state = self.features(tokens, state, reset=reset)
        return self.head(output.transpose(0, 1)), state

    def log_probs(
        self, tokens: Tensor, state: LanguageState | None = None, *, reset: Tensor | None = None
    ) -> tuple[Tensor, LanguageState]:
        """Return log-probabilities ``(B, T, V)`` of the token after each token, and the state."""
        output, _, state = self.features(tokens, state, reset=reset)
        return self.head.log_probs(output.transpose(0, 1)), state

    def next_logits(
        self, tokens: Tensor, state: LanguageState | None = None
    ) -> tuple[Tensor, LanguageState]:
        """Read tokens and return the logits ``(B, V)`` after the last alone, and the state."""
        output, _, state = self.features(tokens, state)
        return self.head(output[-1]), state

    def loss(
        self,
        tokens: Tensor,
        targets: Tensor,
        state: LanguageState | None = None,
        *,
        reset: Tensor | None = None,
    ) -> LanguageModelLoss:
        """Return the mean nats of ``targets``, without ever holding all logits at once.

        Targets below zero are left out of the mean: padding.
        """
        check_tokens("targets", targets, self.vocab_size, padded=True)
        check_shape("targets", targets, B=tokens.shape[0], T=tokens.shape[1])
        output, raw, state = self.features(tokens, state, reset=reset)
        nats = self.head.nats(output.flatten(0, 1), targets.T.flatten())
        total = nats
        if self.training and self.config.activation_reg:
            total = total + self.config.activation_reg * output.square().mean()
        if self.training and self.config.temporal_reg and raw.shape[0] > 1:
            total = total + self.config.temporal_reg * raw.diff(dim=0).square().mean()
        return LanguageModelLoss(nats, total, state)

    def features(
        self, tokens: Tensor, state: LanguageState | None = None, *, reset: Tensor | None = None
    ) -> BodyOutput:
        """Run embedding and body; the output is time-major, ``(T, B, R)``."""
        check_tokens("tokens", tokens, self.vocab_size)
        if reset is not None:
            check_shape("reset", reset, B=tokens.shape[0], T=tokens.shape[1])
            reset = reset.T
        body: BodyOutput = self.body(self.embedding(tokens.T), state, reset=reset)
        return body

    def parameter_count(self) -> int:
        """Return how many numbers are trained; tied weights count once."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)


def check_tokens(name: str, tokens: Tensor, vocab_size: int, *, padded: bool = False) -> None:
    """Raise unless ``tokens`` is ``(B, T)`` with at least one step of ids below V.

    Values are looked at on the CPU alone: elsewhere that would wait for the device.
    """
    check_shape(name, tokens, B=None, T=None)
    if tokens.dtype != torch.int64:
        raise DtypeError(f"{name}: expected torch.int64, got {tokens.dtype}")
    if tokens.shape[1] == 0:
        raise DataError(f"{name}: expected at least one token, got none")
    if tokens.device.type != "cpu" or tokens.numel() == 0:
        return
    low, high = (int(bound) for bound in tokens.aminmax())
    if (low < 0 and not padded) or high >= vocab_size:
        wrong = high if high >= vocab_size else low
        raise DataError(
            f"{name}: expected ids from 0 to {vocab_size - 1}, got {wrong}; "
            "was the text encoded with this model's vocabulary?"
        )
