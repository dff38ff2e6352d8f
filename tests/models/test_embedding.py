"""The embedding drops whole words, and a sparse one leaves other rows untouched."""

from __future__ import annotations

import torch

from elman.models.embedding import TokenEmbedding


def test_a_word_is_dropped_everywhere_or_nowhere_and_scaled() -> None:
    torch.manual_seed(0)
    embedding = TokenEmbedding(50, 4, dropout=0.4)
    tokens = torch.arange(50).repeat(3, 1)
    vectors = embedding(tokens)
    assert torch.equal(vectors[0], vectors[1]) and torch.equal(vectors[0], vectors[2])
    dropped = (vectors[0] == 0).all(dim=1)
    assert 8 <= int(dropped.sum()) <= 32
    torch.testing.assert_close(vectors[0][~dropped], embedding.weight[~dropped] / 0.6)
    assert not torch.equal(embedding(tokens), vectors)


def test_evaluation_drops_nothing() -> None:
    embedding = TokenEmbedding(50, 4, dropout=0.4).eval()
    assert torch.equal(embedding(torch.arange(50)), embedding.weight)


def test_dropped_words_get_no_gradient() -> None:
    torch.manual_seed(1)
    embedding = TokenEmbedding(30, 4, dropout=0.5)
    vectors = embedding(torch.arange(30))
    vectors.sum().backward()
    dropped = (vectors == 0).all(dim=1)
    assert dropped.any()
    assert torch.equal((embedding.weight.grad == 0).all(dim=1), dropped)


def test_sparse_gradient_holds_the_batch_alone() -> None:
    embedding = TokenEmbedding(1000, 4, sparse=True, dropout=0.2)
    embedding(torch.tensor([[3, 7], [7, 900]])).square().sum().backward()
    grad = embedding.weight.grad
    assert grad.is_sparse and grad.coalesce().indices().tolist() == [[3, 7, 900]]
