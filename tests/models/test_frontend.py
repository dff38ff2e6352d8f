"""The frontend of tokens: time-major out, single words forgotten in training."""

from __future__ import annotations

import torch

from elman.models.frontend import TokenFrontend

TOKENS = torch.randint(1, 50, (8, 40), generator=torch.Generator().manual_seed(0))


def test_gives_the_vectors_of_the_table_time_major() -> None:
    front = TokenFrontend(50, 4, dropout_word=0.5).eval()
    torch.testing.assert_close(front(TOKENS), front.embedding.weight[TOKENS].transpose(0, 1))


def test_dropped_words_become_the_unknown_one() -> None:
    front = TokenFrontend(50, 4, unknown=0, dropout_word=0.25)
    torch.manual_seed(1)
    y, plain = front(TOKENS), front.embedding.weight[TOKENS].transpose(0, 1)
    unknown = (y == front.embedding.weight[0]).all(-1)
    kept = (y == plain).all(-1)
    assert (unknown ^ kept).all() and 0.15 < unknown.float().mean() < 0.35


def test_without_an_unknown_one_they_are_zero() -> None:
    front = TokenFrontend(50, 4, dropout_word=0.25)
    torch.manual_seed(1)
    y, plain = front(TOKENS), front.embedding.weight[TOKENS].transpose(0, 1)
    zero, kept = (y == 0).all(-1), (y == plain).all(-1)
    assert (zero ^ kept).all() and 0.15 < zero.float().mean() < 0.35


def test_a_sparse_table_has_a_sparse_gradient() -> None:
    front = TokenFrontend(50, 4, unknown=0, dropout_word=0.2, sparse=True)
    front(TOKENS).sum().backward()
    assert front.embedding.weight.grad.is_sparse
