from __future__ import annotations

import pytest
import torch

from elman import nn
from elman._errors import ConfigError, ShapeError
from elman.nn.regularize import bernoulli


@pytest.mark.parametrize("batch_first", [False, True])
def test_locked_dropout_holds_its_mask_over_time(batch_first: bool) -> None:
    drop = nn.LockedDropout(0.4, batch_first)
    y = drop(torch.ones(100, 50, 60))
    time, rows = (1, 0) if batch_first else (0, 1)
    first = y.select(time, 0)
    assert torch.equal(y, first.unsqueeze(time).expand_as(y))
    assert not torch.equal(first[0], first[1]), f"each of {y.shape[rows]} rows has its own mask"
    assert y.unique().tolist() == pytest.approx([0.0, 1 / 0.6])
    assert float(y.mean()) == pytest.approx(1.0, abs=0.05)
    x = torch.ones(2, 3, 4)
    assert drop.eval()(x) is x
    assert nn.LockedDropout(0.0)(x) is x


def test_locked_dropout_unbatched() -> None:
    y = nn.LockedDropout(0.5, batch_first=True)(torch.ones(5, 40))
    assert torch.equal(y, y[:1].expand_as(y))
    with pytest.raises(ShapeError, match="x: expected"):
        nn.LockedDropout(0.5)(torch.ones(5))


def test_words_are_dropped_whole_and_everywhere() -> None:
    table = torch.nn.Embedding(1000, 3)
    tokens = torch.arange(1000).repeat(2, 1)
    y = nn.embedding_dropout(table, tokens, 0.3)
    assert torch.equal(y[0], y[1])
    gone = (y[0] == 0).all(-1)
    torch.testing.assert_close(y[0][~gone], table.weight[~gone] / 0.7)
    assert float(gone.float().mean()) == pytest.approx(0.3, abs=0.06)


def test_evaluation_drops_no_word() -> None:
    module = nn.EmbeddingDropout(torch.nn.Embedding(10, 3), 0.9).eval()
    tokens = torch.arange(10)
    assert torch.equal(module(tokens), module.embedding.weight)
    assert not torch.equal(module.train()(tokens), module.embedding.weight)
    assert list(module.state_dict()) == ["embedding.weight"]


def test_sparse_gradients_stay_sparse() -> None:
    table = torch.nn.Embedding(100, 3, sparse=True)
    nn.embedding_dropout(table, torch.tensor([3, 5]), 0.5).sum().backward()
    assert table.weight.grad is not None
    assert table.weight.grad.is_sparse
    assert table.weight.grad._indices().flatten().tolist() == [3, 5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("rate", [1e-9, 0.1, 0.5, 0.73, 1 - 1e-9])
def test_bernoulli_draws_at_its_rate(rate: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    drawn = bernoulli(torch.zeros(3, 5, 7, dtype=dtype), 1001, rate)
    assert (drawn.shape, drawn.dtype) == ((1001, 3, 5, 7), dtype)
    assert set(drawn.unique().tolist()) <= {0.0, 1.0}
    n = drawn.numel()
    error = 5 * (rate * (1 - rate) / n) ** 0.5 + 2**-16 + 5 * (2**-16 / n) ** 0.5
    assert float(drawn.double().mean()) == pytest.approx(rate, abs=error)
    torch.manual_seed(0)
    assert torch.equal(bernoulli(torch.zeros(3, 5, 7, dtype=dtype), 1001, rate), drawn)


def test_bernoulli_draws_are_independent() -> None:
    torch.manual_seed(0)
    drawn = bernoulli(torch.zeros(64), 4096, 0.3).flatten() - 0.3
    for lag in (1, 2, 3, 4, 5, 8, 64):  # four neighbours come from one number
        together = float((drawn[lag:] * drawn[:-lag]).mean() / (0.3 * 0.7))
        assert abs(together) < 5 / drawn.numel() ** 0.5, lag
    assert bernoulli(torch.zeros(0, 4), 3, 0.5).shape == (3, 0, 4)


def test_rates_are_checked() -> None:
    with pytest.raises(ConfigError, match="p: expected"):
        nn.LockedDropout(1.0)
    with pytest.raises(ConfigError, match="p: expected"):
        nn.EmbeddingDropout(torch.nn.Embedding(2, 2), -0.1)
    assert repr(nn.LockedDropout(0.5, True)) == "LockedDropout(p=0.5, batch_first=True)"
