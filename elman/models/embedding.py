"""Frontend of tokens: a vector for each, trained with the model. Other frontends stand beside it.

A frontend turns what comes in into features ``(T, B, E)`` for the recurrent body.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from elman.nn import embedding_dropout

__all__ = ["TokenEmbedding"]


class TokenEmbedding(nn.Module):
    """Look up each token's vector; in training, forget whole words.

    Args:
        vocab_size: Tokens, V.
        size: Features of a token, E.
        dropout: Chance that a word is dropped, everywhere in a batch, in training.
        sparse: Give the table a sparse gradient that holds the rows of the batch alone. An
            optimiser for sparse gradients then never touches the other rows or their state.

    Shape:
        - tokens: any shape, int64
        - returns: ``(..., E)``

    Source:
        Dropping words: Gal & Ghahramani 2016, arXiv:1512.05287.

    Example:
        >>> TokenEmbedding(10, 3)(torch.tensor([[1, 2]])).shape
        torch.Size([1, 2, 3])
    """

    def __init__(
        self, vocab_size: int, size: int, *, dropout: float = 0.0, sparse: bool = False
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.table = nn.Embedding(vocab_size, size, sparse=sparse)

    @property
    def weight(self) -> nn.Parameter:
        """The table, ``(V, E)``."""
        return cast(nn.Parameter, self.table.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        """Look tokens up."""
        return embedding_dropout(self.table, tokens, self.dropout, self.training)

    def extra_repr(self) -> str:
        """Show the option when the module is printed."""
        return f"dropout={self.dropout}"
