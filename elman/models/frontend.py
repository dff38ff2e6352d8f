"""Frontends: what turns the input of a model into features for its recurrent body.

A frontend is a module that gives ``(T, B, E)``, with ``output_size`` saying E. What it is given
is its own matter, such as tokens ``(B, T)``, or words with their characters.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from elman.models.embedding import TokenEmbedding

__all__ = ["Frontend", "TokenFrontend"]


class Frontend(nn.Module):
    """Base of frontends; most read each step by itself, and need `forward` alone.

    Attributes:
        output_size: Features of a step, E.
        streams: Whether the features of a step depend on nothing that comes later, so that a
            sequence can be read as it arrives.
    """

    output_size: int
    streams: bool = True

    def output_lengths(self, lengths: Tensor) -> Tensor:
        """Return how many steps ``(B,)`` come out of so many; as many, unless said otherwise."""
        return lengths

    def step(self, inputs: Any, state: Any = None) -> tuple[Tensor, Any]:
        """Return the features of the next piece, and what must be known for the one after.

        Args:
            inputs: The next steps, any number of them.
            state: What the last call gave; None at the beginning.
        """
        return self(inputs), None


class TokenFrontend(Frontend):
    """Embed tokens; in training, read some of them as unknown.

    Args:
        vocab_size: Tokens, V.
        size: Features of a token, E.
        unknown: The id of the unknown token; None: a token that is not read is a zero vector.
        dropout_word: Chance that a token is read as unknown, in training.
        dropout_embedding: Chance that a word is zero everywhere in a batch, in training.
        sparse: Give the table a sparse gradient.

    Shape:
        - tokens: ``(B, T)`` int64
        - returns: ``(T, B, E)``

    Source:
        Dropping single words: Iyyer et al. 2015, doi:10.3115/v1/P15-1162.

    Example:
        >>> TokenFrontend(10, 3)(torch.tensor([[1, 2]])).shape
        torch.Size([2, 1, 3])
    """

    def __init__(
        self,
        vocab_size: int,
        size: int,
        *,
        unknown: int | None = None,
        dropout_word: float = 0.0,
        dropout_embedding: float = 0.0,
        sparse: bool = False,
    ) -> None:
        super().__init__()
        self.output_size, self.vocab_size, self.unknown = size, vocab_size, unknown
        self.dropout_word = dropout_word
        self.embedding = TokenEmbedding(vocab_size, size, dropout=dropout_embedding, sparse=sparse)
        nn.init.normal_(self.embedding.weight, std=0.1)  # small: what is learned soon outweighs it

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed tokens."""
        tokens, dropped = tokens.T, None
        if self.training and self.dropout_word:
            dropped = torch.rand(tokens.shape, device=tokens.device) < self.dropout_word
            if self.unknown is not None:
                tokens, dropped = tokens.masked_fill(dropped, self.unknown), None
        embedded: Tensor = self.embedding(tokens)
        return embedded if dropped is None else embedded.masked_fill(dropped.unsqueeze(-1), 0.0)

    def extra_repr(self) -> str:
        """Show the option when the module is printed."""
        return f"dropout_word={self.dropout_word}"
