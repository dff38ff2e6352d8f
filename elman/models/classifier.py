r"""The classifier: a whole sequence in, one of C classes out.

.. math::
    p(c \mid x_{1..T}) = \text{softmax}(W\, \text{pool}(\text{body}(\text{frontend}(x))) + b)_c

``(B, T)`` outside, time-major inside. The frontend is given to it, so that tokens, words with
their characters, or plain features are classified by the same rest. Knows nothing of files,
labels' names or training.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from elman._errors import ConfigError, DataError
from elman.models.body import RecurrentBody
from elman.models.classifier_config import ClassifierConfig, TokenClassifierConfig
from elman.models.describe import describe, parameter_count
from elman.models.frontend import Frontend, TokenFrontend
from elman.nn.pooling import make_pooling
from elman.nn.state import State

__all__ = ["ClassifierState", "SequenceClassifier", "token_classifier"]


class ClassifierState(NamedTuple):
    """What is known of sequences that are still arriving.

    Attributes:
        frontend: Of its own making; None if a step says all.
        body: A state for each layer.
        pooling: Of the outputs so far.
    """

    frontend: Any
    body: tuple[State, ...]
    pooling: tuple[Tensor, ...]


class SequenceClassifier(nn.Module):
    """A frontend, recurrent layers, pooling and a softmax, trained together.

    Args:
        frontend: Turns the inputs into ``(T, B, E)``; see `frontend.py`.
        num_classes: Classes, C, at least 2.
        config: Body and pooling.

    Attributes:
        temperature: What `log_probs` divides the logits by, 1 at first: a scalar that is set
            after training so that probabilities are as frequent as they say. The loss and the
            logits do not know it.

    Raises:
        ConfigError: If there is no choice between classes.

    Shape:
        - inputs: what the frontend takes; lengths: ``(B,)`` int64
        - returns: logits ``(B, C)``

    Example:
        >>> model = token_classifier(50, 3, TokenClassifierConfig(hidden_size=8))
        >>> model(torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([3, 2])).shape
        torch.Size([2, 3])
    """

    temperature: Tensor

    def __init__(self, frontend: Frontend, num_classes: int, config: ClassifierConfig) -> None:
        super().__init__()
        if num_classes < 2:
            raise ConfigError(f"num_classes: expected at least 2, got {num_classes}")
        self.num_classes, self.config = num_classes, config
        self.frontend = frontend
        self.body = RecurrentBody(frontend.output_size, config, bidirectional=config.bidirectional)
        size = self.body.output_size
        self.pooling = make_pooling(config.pooling, size, bidirectional=config.bidirectional)
        self.dropout_pooled = nn.Dropout(config.dropout_pooled)
        self.head = nn.Linear(size, num_classes)
        self.register_buffer("temperature", torch.ones(()))

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.head.weight.device

    def forward(self, inputs: Any, lengths: Tensor | None = None) -> Tensor:
        """Return logits ``(B, C)``; ``None`` for the lengths means that all steps are valid."""
        return self.from_features(*self.features(inputs, lengths))

    def features(self, inputs: Any, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return what the frontend gives, ``(T, B, E)``, and how many steps of it are valid."""
        features = self.frontend(inputs)
        return features, None if lengths is None else self.frontend.output_lengths(lengths)

    def from_features(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the logits ``(B, C)`` of what a frontend gave, ``(T, B, E)``."""
        if features.shape[0] == 0:
            raise DataError("expected at least one step, got none: pad empty sequences to one")
        output = self.body(features, lengths=lengths).output
        return cast(Tensor, self.head(self.dropout_pooled(self.pooling(output, lengths))))

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
        if not self.frontend.streams:
            raise ConfigError("this network's frontend needs the whole sequence")
        body = self.body.initial_state(batch)
        return ClassifierState(None, body, self.pooling.start(batch, self.head.weight))

    def step(self, inputs: Any, state: ClassifierState) -> tuple[Tensor, ClassifierState]:
        """Read the next steps, any number of them; what is said after each is what `forward` says.

        Shape:
            - inputs: what the frontend takes
            - returns: logits ``(T, B, C)`` of the sequence up to each step, and the state
        """
        features, before = self.frontend.step(inputs, state.frontend)
        if not len(features):
            logits = self.head.weight.new_zeros(0, features.shape[1], self.num_classes)
            return logits, state._replace(frontend=before)
        read = self.body(features, state.body)
        pooled, pooling = self.pooling.step(read.output, state.pooling)
        logits = self.head(self.dropout_pooled(pooled))
        return logits, ClassifierState(before, read.state, pooling)

    def log_probs(self, inputs: Any, lengths: Tensor | None = None) -> Tensor:
        """Return calibrated log-probabilities ``(B, C)``."""
        logits: Tensor = self(inputs, lengths)
        return (logits / self.temperature).log_softmax(-1)

    def parameter_count(self) -> int:
        """Return how many numbers are trained."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)


def token_classifier(
    vocab_size: int,
    num_classes: int,
    config: TokenClassifierConfig,
    unknown: int | None = None,
) -> SequenceClassifier:
    """Build a classifier of token sequences.

    Args:
        vocab_size: Tokens, V.
        num_classes: Classes, C.
        config: Everything else.
        unknown: The id of the unknown token, if there is one.
    """
    frontend = TokenFrontend(
        vocab_size,
        config.embedding_size,
        unknown=unknown,
        dropout_word=config.dropout_word,
        dropout_embedding=config.dropout_embedding,
        sparse=config.sparse_embedding,
    )
    return SequenceClassifier(frontend, num_classes, config)
