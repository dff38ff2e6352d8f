"""Dropout for sequences: one mask for a whole sequence, and dropout of whole words.

Zoneout, recurrent dropout and weight drop act inside a recurrence: they are options of the
layers, see `elman.nn.LSTM`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ShapeError
from elman.nn.options import check_bool, check_rate

__all__ = ["EmbeddingDropout", "LockedDropout", "bernoulli", "embedding_dropout"]


def bernoulli(like: Tensor, steps: int, rate: float) -> Tensor:
    """Draw a 1 with probability ``rate``, else a 0, for each step and each value of ``like``.

    On the CPU 16 random bits decide, four draws of each number that torch generates, as drawing
    costs more there than a step of a small layer: the rate holds to within 1/65536.

    Args:
        like: Gives shape, dtype and device.
        steps: T.
        rate: In (0, 1).

    Shape:
        - like: any
        - returns: ``(T, *like.shape)``

    Example:
        >>> bernoulli(torch.zeros(2, 3), 5, 0.5).shape
        torch.Size([5, 2, 3])
    """
    shape = (steps, *like.shape)
    if like.device.type != "cpu" or torch.compiler.is_compiling():
        return like.new_empty(shape).bernoulli_(rate)
    count = steps * like.numel()
    bits = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
    ones = min(max(round(rate * 2**16), 1), 2**16 - 1)  # of 2**16 values
    return (bits[:count] < ones - 2**15).to(like.dtype).view(shape)


class LockedDropout(nn.Module):
    r"""Variational dropout: a feature is dropped at all steps of a sequence or at none.

    Args:
        p: Rate, in [0, 1).
        batch_first: Whether x is ``(B, T, F)`` instead of ``(T, B, F)``.

    Shape:
        - x: ``(T, B, F)``, ``(B, T, F)`` if batch first, or ``(T, F)`` unbatched
        - returns: the same

    Source:
        Gal & Ghahramani 2016, arXiv:1512.05287; the name from Merity, Keskar & Socher 2017,
        arXiv:1708.02182.

    Example:
        >>> y = elman.nn.LockedDropout(0.5)(torch.ones(7, 2, 3))
        >>> bool((y == y[0]).all())
        True
    """

    def __init__(self, p: float, batch_first: bool = False) -> None:
        super().__init__()
        check_bool("batch_first", batch_first)
        self.p = check_rate("p", p)
        self.batch_first = batch_first

    def forward(self, x: Tensor) -> Tensor:
        """Drop features, each for a whole sequence."""
        if x.dim() not in (2, 3):
            raise ShapeError(f"x: expected (T, B, F), (B, T, F) or (T, F), got {tuple(x.shape)}")
        if not self.training or not self.p:
            return x
        time = 1 if self.batch_first and x.dim() == 3 else 0
        shape = list(x.shape)
        shape[time] = 1
        return x * F.dropout(x.new_ones(shape), self.p)

    def extra_repr(self) -> str:
        """Show the rate and the layout."""
        return f"p={self.p}" + (", batch_first=True" if self.batch_first else "")


def embedding_dropout(
    embedding: nn.Embedding, tokens: Tensor, p: float, training: bool = True
) -> Tensor:
    """Embed tokens; drop a word at all its places in the batch, or at none.

    The embedding is read only at the tokens, so its gradient may stay sparse.

    Args:
        embedding: The table, ``(V, E)``.
        tokens: Integers below V, any shape.
        p: Rate, in [0, 1).
        training: Whether to drop at all.

    Shape:
        - returns: tokens' shape, then E

    Source:
        Gal & Ghahramani 2016, arXiv:1512.05287.

    Example:
        >>> table = torch.nn.Embedding(10, 4)
        >>> a, b = elman.nn.embedding_dropout(table, torch.tensor([3, 3]), 0.5)
        >>> torch.equal(a, b)
        True
    """
    embedded: Tensor = embedding(tokens)
    if not training or not check_rate("p", p):
        return embedded
    kept = F.dropout(embedded.new_ones(embedding.num_embeddings), p)  # (V,)
    return embedded * kept[tokens].unsqueeze(-1)


class EmbeddingDropout(nn.Module):
    """An embedding whose words are dropped whole; see `embedding_dropout`.

    Args:
        embedding: The table; it stays reachable as ``.embedding``, to tie it to an output layer.
        p: Rate, in [0, 1).

    Example:
        >>> embed = elman.nn.EmbeddingDropout(torch.nn.Embedding(10, 4), 0.1)
        >>> embed(torch.tensor([[1, 2, 3]])).shape
        torch.Size([1, 3, 4])
    """

    def __init__(self, embedding: nn.Embedding, p: float) -> None:
        super().__init__()
        self.embedding = embedding
        self.p = check_rate("p", p)

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed tokens, dropping words in training."""
        return embedding_dropout(self.embedding, tokens, self.p, self.training)

    def extra_repr(self) -> str:
        """Show the rate."""
        return f"p={self.p}"
