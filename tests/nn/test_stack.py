from __future__ import annotations

import pytest
import torch

from elman import nn
from elman._errors import ConfigError, ShapeError


def mixed() -> nn.Stacked:
    torch.manual_seed(0)
    return nn.Stacked(
        [
            nn.LSTM(3, 4, num_layers=2, bidirectional=True),
            nn.Recurrent(nn.GRUCell(8, 5)),
            nn.Bidirectional(nn.ElmanCell(5, 2), nn.LSTMCell(5, 3)),
        ]
    )


def test_a_stack_is_its_layers_in_turn() -> None:
    stack, x = mixed(), torch.randn(6, 2, 3)
    reset = torch.rand(6, 2) < 0.3
    y, expected = x, []
    for layer in stack.layers:
        y, state = layer(y, lengths=[6, 4], reset=reset)
        expected.append(state)
    output, states = stack(x, lengths=[6, 4], reset=reset)
    assert torch.equal(output, y)
    nn.map_state(lambda a, b: (torch.testing.assert_close(a, b), a)[1], states, tuple(expected))


def test_same_as_one_layer_of_many() -> None:
    whole = nn.GRU(3, 4, num_layers=2)
    parts = nn.Stacked([nn.GRU(3, 4), nn.GRU(4, 4)])
    for k, layer in enumerate(parts.layers):
        layer.load_state_dict(
            {n[:-1] + "0": p for n, p in whole.state_dict().items() if n.endswith(f"_l{k}")}
        )
    x = torch.randn(5, 2, 3)
    output, final = whole(x)
    stacked, states = parts(x)
    assert torch.equal(stacked, output)
    assert torch.equal(torch.cat(states), final)


def test_state_is_carried_and_flattened() -> None:
    stack = nn.Stacked([nn.LSTM(3, 4), nn.Recurrent(nn.GRUCell(4, 5))])
    x = torch.randn(6, 2, 3)
    whole, _ = stack(x)
    first, state = stack(x[:2])
    again = nn.state_from_tensors(nn.state_to_tensors(nn.detach_state(state)))
    torch.testing.assert_close(torch.cat([first, stack(x[2:], again)[0]]), whole)
    torch.testing.assert_close(stack(x, stack.initial_state(2))[0], whole)


def test_dropout_stands_between_layers_only() -> None:
    class Zero(torch.nn.Module):
        calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return x * 0

    zero = Zero()
    stack = nn.Stacked([nn.GRU(3, 4), nn.GRU(4, 4), nn.GRU(4, 4)], dropout=zero)
    output, (first, *_) = stack(torch.randn(5, 2, 3))
    assert zero.calls == 2
    assert output.any()
    assert first.any()


def test_errors() -> None:
    with pytest.raises(ConfigError, match="at least one"):
        nn.Stacked([])
    with pytest.raises(ConfigError, match="batch_first"):
        nn.Stacked([nn.GRU(3, 4, batch_first=True), nn.GRU(4, 4)])
    with pytest.raises(ShapeError, match="each of 3 layers"):
        mixed()(torch.randn(6, 2, 3), (torch.zeros(1),))
