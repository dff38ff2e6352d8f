from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from elman import nn
from elman._errors import ConfigError

MODULES: dict[str, Any] = {
    "rnn": lambda: nn.RNN(3, 5, num_layers=2, bidirectional=True),
    "lstm": lambda: nn.LSTM(3, 5, num_layers=2, bidirectional=True),
    "gru": lambda: nn.GRU(3, 5),
    "cell": lambda: nn.LSTMCell(3, 5),
    "stack": lambda: nn.Stacked([nn.LSTM(3, 5), nn.Recurrent(nn.GRUCell(5, 5))]),
}


def parts(module: torch.nn.Module) -> list[Any]:
    return [
        (layer, weights)
        for layer in module.modules()
        if hasattr(layer, "weights")
        for weights in layer.weights()
    ]


@pytest.mark.parametrize("name", list(MODULES))
def test_orthogonal_recurrent_blocks(name: str) -> None:
    module = MODULES[name]()
    before = [w.weight_ih.clone() for _, w in parts(module)]
    assert nn.init.orthogonal_(module) is module
    for (_, w), kept in zip(parts(module), before, strict=True):
        for block in w.weight_hh.split(5):
            torch.testing.assert_close(block @ block.T, torch.eye(5))
        assert torch.equal(w.weight_ih, kept)


def test_orthogonal_with_projection() -> None:
    w = nn.init.orthogonal_(nn.LSTM(3, 6, proj_size=4)).weight_hh_l0
    for block in w.split(6):
        torch.testing.assert_close(block.T @ block, torch.eye(4))


@pytest.mark.parametrize("name", ["lstm", "gru", "cell", "stack"])
def test_forget_bias(name: str) -> None:
    module = nn.init.forget_bias_(MODULES[name](), 2.0)
    for layer, w in parts(module):
        start = 5 * layer.spec.gates.index(layer.spec.keeps)
        total = w.bias_ih + w.bias_hh
        assert total[start : start + 5].tolist() == [2.0] * 5
        others = torch.cat([total[:start], total[start + 5 :]])
        assert not (others == 2.0).any()


@pytest.mark.parametrize("name", ["lstm", "gru", "cell", "stack"])
def test_chrono_spreads_memories(name: str) -> None:
    module = nn.init.chrono_(MODULES[name](), 50)
    for layer, w in parts(module):
        gates = dict(zip(layer.spec.gates, (w.bias_ih + w.bias_hh).split(5), strict=True))
        keep = gates[layer.spec.keeps]
        assert (keep >= 0).all()
        assert (keep <= math.log(49)).all()
        assert len(keep.unique()) == 5, "each unit has its own"
        if layer.spec.writes:
            torch.testing.assert_close(gates[layer.spec.writes], -keep)


def test_chrono_remembers_as_long_as_it_says() -> None:
    layer = nn.init.chrono_(nn.LSTM(1, 64, dtype=torch.float64), 200)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
        layer.weight_hh_l0.zero_()
        layer.bias_ih_l0[128:192] = 0.0  # the candidate, so that nothing is written
        layer.bias_hh_l0[128:192] = 0.0
    keep = layer.bias_ih_l0[64:128].sigmoid()
    state = (torch.zeros(1, 1, 64, dtype=torch.float64), torch.ones(1, 1, 64, dtype=torch.float64))
    _, (_, c) = layer(torch.zeros(10, 1, 1, dtype=torch.float64), state)
    torch.testing.assert_close(c[0, 0], keep**10)


def test_errors() -> None:
    with pytest.raises(ConfigError, match="RNN has no gate that keeps"):
        nn.init.forget_bias_(nn.RNN(3, 4), 1.0)
    with pytest.raises(ConfigError, match="bias=False"):
        nn.init.chrono_(nn.GRU(3, 4, bias=False), 10)
    with pytest.raises(ConfigError, match="at least 2"):
        nn.init.chrono_(nn.GRU(3, 4), 1)
    with pytest.raises(ConfigError, match="Linear holds no recurrent layer"):
        nn.init.orthogonal_(torch.nn.Linear(3, 4))
