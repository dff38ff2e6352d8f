from __future__ import annotations

import pytest
import torch
from torch import nn

from elman.train.average import WeightAverage, ema_weight


def series(n=12):
    torch.manual_seed(0)
    return [torch.randn(3, 2) for _ in range(n)]


def follow(values, weight):
    parameter = nn.Parameter(values[0].clone())
    average = WeightAverage([parameter])
    for n, value in enumerate(values):
        with torch.no_grad():
            parameter.copy_(value)
        average.update(weight(n))
    return parameter, average


def test_one_over_n_is_the_mean():
    values = series()
    _, average = follow(values, lambda n: 1 / (n + 1))
    torch.testing.assert_close(average.mean[0], torch.stack(values).mean(0))


def test_constant_weight_is_exponential():
    values = series()
    _, average = follow(values, lambda n: 0.1)
    expected = values[0]
    for value in values:
        expected = 0.9 * expected + 0.1 * value
    torch.testing.assert_close(average.mean[0], expected)


def test_the_weights_come_back_also_after_an_error():
    parameter, average = follow(series(), lambda n: 0.5)
    own = parameter.detach().clone()
    with pytest.raises(KeyError), average.in_use():
        assert torch.equal(parameter, average.mean[0]) and not torch.equal(parameter, own)
        raise KeyError
    assert torch.equal(parameter, own) and parameter.requires_grad


def test_state_dict_round_trip():
    parameter, average = follow(series(), lambda n: 0.5)
    other = WeightAverage([parameter])
    other.load_state_dict(average.state_dict())
    assert other.updates == 12 and torch.equal(other.mean[0], average.mean[0])


def test_ema_weight_falls_to_one_minus_decay():
    weights = [ema_weight(0.99, n) for n in range(5000)]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] == pytest.approx(0.01) and all(w >= 0.01 - 1e-12 for w in weights)
