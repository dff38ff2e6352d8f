r"""Attention of a query over a memory of any length.

A score for each step of the memory, a softmax over the real ones, and their weighted mean:

.. math::
    \alpha_{ts} = \text{softmax}_s\, \text{score}(q_t, m_s) \qquad
    c_t = \sum_s \alpha_{ts} m_s

The kinds differ in the score alone. All queries of a sequence are answered by one call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman._errors import ShapeError
from elman._registry import Registry
from elman._shapes import check_shape
from elman.nn.layer import Lengths, as_lengths
from elman.nn.options import check_size

__all__ = [
    "ATTENTIONS",
    "AdditiveAttention",
    "Attention",
    "AttentionOutput",
    "DotAttention",
    "MultiplicativeAttention",
    "make_attention",
]


class AttentionOutput(NamedTuple):
    """What an attention returns.

    Attributes:
        context: ``(T, B, M)``, the weighted mean of the memory for each query.
        weights: ``(T, B, S)``; they sum to one over the real steps and are exactly zero beyond.
            A row without any real step has zeros, and a context of zeros.
    """

    context: Tensor
    weights: Tensor


class Attention(nn.Module):
    """Base of the kinds of attention: everything but the score.

    Args:
        query_size: Features of a query, Q.
        memory_size: Features of a step of the memory, M.

    Shape:
        - query: ``(T, B, Q)``
        - memory: ``(S, B, M)``
        - lengths: ``(B,)``, the real steps of each row's memory; ``None``: all of them
        - returns: `AttentionOutput`
    """

    def __init__(self, query_size: int, memory_size: int) -> None:
        super().__init__()
        check_size("query_size", query_size)
        check_size("memory_size", memory_size)
        self.query_size, self.memory_size = query_size, memory_size

    def keys(self, memory: Tensor) -> Tensor:
        """Return what queries are compared with, ``(S, B, .)``: once for a memory."""
        raise NotImplementedError

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return the score of each query for each step, ``(B, T, S)``."""
        raise NotImplementedError

    def forward(
        self,
        query: Tensor,
        memory: Tensor,
        lengths: Lengths | None = None,
        *,
        keys: Tensor | None = None,
    ) -> AttentionOutput:
        """Answer all queries.

        Args:
            query: What is asked.
            memory: What is looked at.
            lengths: The real steps of the memory.
            keys: What `keys` returned for this memory, to compute it only once.

        Raises:
            ShapeError: If a shape does not fit.
        """
        check_shape("query", query, T=None, B=None, Q=self.query_size)
        check_shape("memory", memory, S=None, B=query.shape[1], M=self.memory_size)
        keys = self.keys(memory) if keys is None else keys
        scores = self.scores(query, keys)  # (B, T, S)
        if lengths is None:
            weights = scores.softmax(-1)
        else:
            lengths = as_lengths(lengths, memory.shape[1], memory.device)
            steps = torch.arange(memory.shape[0], device=memory.device)
            padding = (steps >= lengths.unsqueeze(1)).unsqueeze(1)  # (B, 1, S)
            # the lowest finite score, not -inf: a row of padding alone must not become NaN
            lowest = torch.finfo(scores.dtype).min
            weights = scores.masked_fill(padding, lowest).softmax(-1).masked_fill(padding, 0.0)
        context = weights @ memory.transpose(0, 1).to(weights.dtype)  # (B, T, M)
        return AttentionOutput(context.transpose(0, 1), weights.transpose(0, 1))

    def extra_repr(self) -> str:
        """Show the sizes when the module is printed."""
        return f"{self.query_size}, {self.memory_size}"


class AdditiveAttention(Attention):
    r"""Attention whose score is a small network.

    .. math::
        \text{score}(q, m) = v^\top \tanh(W_q q + W_m m)

    Args:
        query_size: Features of a query, Q.
        memory_size: Features of a step of the memory, M.
        size: Units of the small network, A.

    Cost:
        ``2·T·S·B·A`` FLOPs and as many values of tanh, which are kept for the backward pass:
        slower, and larger in memory, than a product.

    Source:
        Bahdanau, Cho & Bengio 2015, arXiv:1409.0473.

    Example:
        >>> attention = AdditiveAttention(3, 4, size=5)
        >>> context, weights = attention(torch.randn(6, 2, 3), torch.randn(7, 2, 4), [7, 2])
        >>> context.shape, weights[:, 1, 2:].abs().max()
        (torch.Size([6, 2, 4]), tensor(0., grad_fn=...))
    """

    def __init__(self, query_size: int, memory_size: int, size: int) -> None:
        super().__init__(query_size, memory_size)
        check_size("size", size)
        self.query = nn.Linear(query_size, size, bias=False)
        self.memory = nn.Linear(memory_size, size)
        self.score = nn.Linear(size, 1, bias=False)

    def keys(self, memory: Tensor) -> Tensor:
        """Return :math:`W_m m`, ``(S, B, A)``."""
        keys: Tensor = self.memory(memory)
        return keys

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return the scores, ``(B, T, S)``."""
        asked = self.query(query).transpose(0, 1).unsqueeze(2)  # (B, T, 1, A)
        scores: Tensor = self.score((asked + keys.transpose(0, 1).unsqueeze(1)).tanh())
        return scores.squeeze(-1)


class MultiplicativeAttention(Attention):
    r"""Attention whose score is a product through a matrix: Luong's "general".

    .. math::
        \text{score}(q, m) = q^\top W m

    Args:
        query_size: Features of a query, Q.
        memory_size: Features of a step of the memory, M.

    Source:
        Luong, Pham & Manning 2015, arXiv:1508.04025.

    Example:
        >>> MultiplicativeAttention(3, 4)(torch.randn(6, 2, 3), torch.randn(7, 2, 4)).weights.shape
        torch.Size([6, 2, 7])
    """

    def __init__(self, query_size: int, memory_size: int) -> None:
        super().__init__(query_size, memory_size)
        self.memory = nn.Linear(memory_size, query_size, bias=False)

    def keys(self, memory: Tensor) -> Tensor:
        """Return :math:`W m`, ``(S, B, Q)``."""
        keys: Tensor = self.memory(memory)
        return keys

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return the scores, ``(B, T, S)``."""
        return products(query, keys)


class DotAttention(Attention):
    r"""Attention whose score is the dot product, without a parameter.

    .. math::
        \text{score}(q, m) = q^\top m

    Args:
        query_size: Features of a query, Q.
        memory_size: Features of a step of the memory, M = Q.

    Raises:
        ShapeError: If Q and M differ.

    Source:
        Luong, Pham & Manning 2015, arXiv:1508.04025.

    Example:
        >>> attention = DotAttention(2, 2)
        >>> attention(torch.tensor([[[0.0, 9.0]]]), torch.eye(2).unsqueeze(1)).weights
        tensor([[[0.0001, 0.9999]]])
    """

    def __init__(self, query_size: int, memory_size: int) -> None:
        super().__init__(query_size, memory_size)
        if query_size != memory_size:
            raise ShapeError(
                f"dot attention compares features one by one: the query has {query_size}, the "
                f"memory {memory_size}. Make them equal, or use multiplicative attention"
            )

    def keys(self, memory: Tensor) -> Tensor:
        """Return the memory itself."""
        return memory

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return the scores, ``(B, T, S)``."""
        return products(query, keys)


def products(query: Tensor, keys: Tensor) -> Tensor:
    """Return every query times every key, ``(B, T, S)`` of ``(T, B, Q)`` and ``(S, B, Q)``."""
    return query.transpose(0, 1) @ keys.permute(1, 2, 0)


ATTENTIONS: Registry[Callable[[int, int, int], Attention]] = Registry("attention")
ATTENTIONS.register("additive", AdditiveAttention)
ATTENTIONS.register(
    "multiplicative", lambda query, memory, size: MultiplicativeAttention(query, memory)
)
ATTENTIONS.register("dot", lambda query, memory, size: DotAttention(query, memory))


def make_attention(kind: str, query_size: int, memory_size: int, size: int) -> Attention:
    """Build an attention from its name in `ATTENTIONS`.

    Args:
        kind: The name.
        query_size: Features of a query, Q.
        memory_size: Features of a step of the memory, M.
        size: Units of the additive kind's network; the others have none.

    Raises:
        UnknownName: If there is no such attention.

    Example:
        >>> make_attention("multiplicative", 3, 4, size=5)
        MultiplicativeAttention(
          3, 4
          (memory): Linear(in_features=4, out_features=3, bias=False)
        )
    """
    return ATTENTIONS[kind](query_size, memory_size, size)
