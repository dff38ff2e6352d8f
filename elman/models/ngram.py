r"""Counting baselines: uniform, unigram and interpolated Witten-Bell n-grams. No torch.

A context is a number, not a tuple: the n-gram ``(w_1 .. w_n)`` has the number of its prefix
``(w_1 .. w_(n-1))`` in the table below, times V, plus ``w_n``. So every table is one sorted
array of whole numbers, and counting and looking up are sorts and binary searches over all
tokens at once, for any vocabulary.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from elman._errors import ConfigError, DataError

__all__ = ["NGram", "uniform_nats"]

Whole = NDArray[np.int64]
Real = NDArray[np.float64]

SLICE = 1 << 20  # tokens scored at a time, which bounds the memory of `NGram.nats`


class Table(NamedTuple):
    """All n-grams of one length, and sums over the contexts (one shorter) they continue.

    Shape:
        - keys: ``(K,)`` sorted, number of the context times V plus the last token
        - counts: ``(K,)`` how often each was seen
        - total, distinct: ``(C,)`` tokens, and different tokens, seen after each context
    """

    keys: Whole
    counts: Whole
    total: Real
    distinct: Real


def uniform_nats(vocab_size: int) -> float:
    """Return the nats per token of knowing nothing: ``ln V``.

    Example:
        >>> uniform_nats(65)
        4.174
    """
    if vocab_size < 1:
        raise ConfigError(f"vocab_size: expected at least 1, got {vocab_size}")
    return math.log(vocab_size)


class NGram:
    r"""An n-gram model smoothed by interpolation with ever shorter contexts.

    .. math::
        p(w \mid h) = \frac{c(h, w) + t(h)\, p(w \mid h')}{c(h) + t(h)}

    where :math:`c` counts, :math:`t(h)` is the number of different tokens seen after
    :math:`h`, and :math:`h'` is :math:`h` without its first token. Below the unigram stands
    the uniform distribution, so every token has a probability. A context that was never seen
    says nothing, and the shorter one answers.

    Args:
        order: Tokens in the longest n-gram; 1 is the unigram.
        vocab_size: V; token ids are 0 to V - 1.

    Raises:
        ConfigError: If ``order`` or ``vocab_size`` is below 1.

    Cost:
        ``order`` sorts of the text; about 16 bytes for each different n-gram, and 40 bytes a
        token while fitting.

    Source:
        Witten & Bell 1991, doi:10.1109/18.87000, method C; interpolated as in Chen & Goodman
        1999, doi:10.1006/csla.1999.0128.

    Example:
        >>> model = NGram(2, vocab_size=3).fit([0, 1, 0, 1, 0, 2])
        >>> model.probs([0])
        array([0.178, 0.533, 0.289])
    """

    def __init__(self, order: int, vocab_size: int) -> None:
        if order < 1:
            raise ConfigError(f"order: expected at least 1, got {order}")
        if vocab_size < 1:
            raise ConfigError(f"vocab_size: expected at least 1, got {vocab_size}")
        self.order = order
        self.vocab_size = vocab_size
        self._tables: list[Table] = []

    def fit(self, ids: ArrayLike) -> NGram:
        """Count a text and return the model; counts of an earlier text are dropped.

        Raises:
            DataError: If the text is empty or an id is not in 0 to V - 1.
        """
        tokens = self._checked("ids", ids)
        if tokens.size == 0:
            raise DataError("ids: expected at least one token to count, got none")
        if tokens.size * self.vocab_size >= 2**63:
            raise DataError(
                f"ids: {tokens.size} tokens with a vocabulary of {self.vocab_size} do not fit "
                "64-bit numbers; count a part of the text"
            )
        self._tables = []
        context = np.zeros(tokens.size, dtype=np.int64)  # number of each token's left context
        contexts = 1
        for length in range(1, min(self.order, tokens.size) + 1):
            packed = context * self.vocab_size + tokens[length - 1 :]
            keys, number, counts = np.unique(packed, return_inverse=True, return_counts=True)
            owner = keys // self.vocab_size
            self._tables.append(
                Table(
                    keys,
                    counts,
                    np.bincount(owner, counts, contexts).astype(np.float64),
                    np.bincount(owner, None, contexts).astype(np.float64),
                )
            )
            context, contexts = number[:-1], keys.size
        return self

    def nats(self, ids: ArrayLike, context: ArrayLike = ()) -> float:
        """Return the mean ``-ln p`` over every token of ``ids`` but the first.

        The first token is given, not scored: so the figure stands beside that of a network,
        which needs one token to start.

        Args:
            ids: The text to score, at least two tokens.
            context: What stands before it; seen, not scored.

        Raises:
            DataError: If nothing was fitted, ``ids`` is too short, or an id is out of range.
        """
        tokens = self._checked("ids", ids)
        if tokens.size < 2:
            raise DataError(f"ids: expected at least 2 tokens to score, got {tokens.size}")
        before = self._checked("context", context)[-self.order :]
        text = np.concatenate([before, tokens])
        first = before.size + 1
        surprise = 0.0
        for start in range(first, text.size, SLICE):
            stop = min(start + SLICE, text.size)
            left = max(0, start - self.order + 1)
            surprise -= float(np.log(self._score(text[left:stop])[start - left :]).sum())
        return surprise / (tokens.size - 1)

    def probs(self, context: ArrayLike = ()) -> Real:
        """Return ``p(w | context)`` of every token, ``(V,)``; it sums to one."""
        before = self._checked("context", context)
        self._check_fitted()
        result = np.full(self.vocab_size, 1.0 / self.vocab_size)
        for length, table in enumerate(self._tables):
            if length > before.size:
                break
            owner = self._number(before[before.size - length :])
            if owner < 0 or table.total[owner] == 0:
                break
            first, last = np.searchsorted(
                table.keys, [owner * self.vocab_size, (owner + 1) * self.vocab_size]
            )
            result *= table.distinct[owner]
            result[table.keys[first:last] % self.vocab_size] += table.counts[first:last]
            result /= table.total[owner] + table.distinct[owner]
        return result

    def _score(self, text: Whole) -> Real:
        """Return the probability of each token of ``text`` given those before it."""
        self._check_fitted()
        result = np.full(text.size, 1.0 / self.vocab_size)
        context = np.zeros(text.size, dtype=np.int64)  # -1 where it was never seen
        for length, table in enumerate(self._tables):
            if length >= text.size:
                break
            # Position i is the token with `length` tokens of context before it.
            number, count = find(table, context, text[length:], self.vocab_size)
            total = np.where(context >= 0, table.total[context], 0.0)
            distinct = np.where(context >= 0, table.distinct[context], 0.0)
            known = total > 0  # nothing follows the text's last n-gram: no evidence either
            p = result[length:]
            p[known] = (count + distinct * p)[known] / (total + distinct)[known]
            context = number[:-1]
        return result

    def _number(self, gram: Whole) -> int:
        """Return the number of an n-gram in its table, or -1; that of the empty one is 0."""
        number = 0
        for table, token in zip(self._tables, gram, strict=False):
            found, _ = find(table, np.array([number]), np.array([token]), self.vocab_size)
            number = int(found[0])
        return number

    def _checked(self, name: str, ids: Any) -> Whole:
        tokens = np.asarray(ids)
        if tokens.size == 0:
            return np.zeros(0, dtype=np.int64)
        if tokens.ndim != 1 or tokens.dtype.kind not in "iu":
            raise DataError(
                f"{name}: expected whole numbers in one dimension, got {tokens.dtype} "
                f"of shape {tokens.shape}"
            )
        low, high = int(tokens.min()), int(tokens.max())
        if low < 0 or high >= self.vocab_size:
            raise DataError(
                f"{name}: expected token ids from 0 to {self.vocab_size - 1}, "
                f"got {low if low < 0 else high}"
            )
        return tokens.astype(np.int64)

    def _check_fitted(self) -> None:
        if not self._tables:
            raise DataError("this NGram has counted nothing yet; call fit(ids) first")


def find(table: Table, context: Whole, token: Whole, vocab_size: int) -> tuple[Whole, Real]:
    """Look n-grams up: their numbers, -1 where unknown, and their counts, 0 where unknown."""
    packed = np.where(context >= 0, context * vocab_size + token, -1)
    place = np.minimum(np.searchsorted(table.keys, packed), table.keys.size - 1)
    there = table.keys[place] == packed
    return np.where(there, place, -1), np.where(there, table.counts[place], 0).astype(np.float64)
