"""Single steps: equality with torch's cells and with the layers; a user's own cell."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from elman import nn
from elman._errors import ConfigError, ShapeError
from elman.nn.options import OptionTypeError

CELLS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "rnn": (nn.ElmanCell, torch.nn.RNNCell, {}),
    "rnn_relu": (nn.ElmanCell, torch.nn.RNNCell, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTMCell, torch.nn.LSTMCell, {}),
    "gru": (nn.GRUCell, torch.nn.GRUCell, {}),
}
each = pytest.mark.parametrize("cell", list(CELLS))


def flat(state: Any) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


@pytest.mark.parametrize("bias", [True, False])
@each
def test_equal_to_torch(cell: str, bias: bool) -> None:
    ours_class, theirs_class, options = CELLS[cell]
    torch.manual_seed(0)
    theirs = theirs_class(3, 4, bias=bias, dtype=torch.float64, **options)
    torch.manual_seed(0)
    ours = ours_class(3, 4, bias=bias, dtype=torch.float64, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b), "the same seed draws the same parameters"
    assert (ours.bias_ih is None) == (not bias)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    for shape in ((2, 3), (3,)):
        x = torch.randn(shape, dtype=torch.float64)
        state = nn.map_state(torch.randn_like, ours.initial_state(2))
        state = state if len(shape) == 2 else nn.map_state(lambda s: s[0], state)
        for given in (None, state):
            expected, got = flat(theirs(x, given)), flat(ours(x, given))
            for a, b in zip(got, expected, strict=True):
                torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
            mine = torch.autograd.grad(sum(g.sum() for g in got), list(ours.parameters()))
            other = torch.autograd.grad(sum(g.sum() for g in expected), list(theirs.parameters()))
            for a, b in zip(mine, other, strict=True):
                torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("layer_norm", [False, True])
@each
def test_step_equals_a_layer_over_one_step(cell: str, layer_norm: bool) -> None:
    ours_class, _, options = CELLS[cell]
    step = ours_class(3, 4, layer_norm=layer_norm, dtype=torch.float64, **options)
    layer = nn.make_layer(cell, 3, 4, layer_norm=layer_norm, dtype=torch.float64)
    layer.load_state_dict({f"{n}_l0": p for n, p in step.state_dict().items()})
    state: Any = nn.map_state(torch.randn_like, layer.initial_state(2))
    outputs, walking, layered = [], nn.map_state(lambda s: s[0], state), state
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    for t in range(5):
        y, walking = step.step(x[t], walking)
        single, layered = layer(x[t : t + 1], layered)
        torch.testing.assert_close(single[0], y, rtol=1e-12, atol=1e-12)
        outputs.append(y)
    whole, final = layer(x, state)
    torch.testing.assert_close(torch.stack(outputs), whole, rtol=1e-12, atol=1e-12)
    for a, b in zip(flat(walking), flat(final), strict=True):
        torch.testing.assert_close(a, b[0], rtol=1e-12, atol=1e-12)


def test_repr_as_torch() -> None:
    assert repr(nn.LSTMCell(3, 4)) == repr(torch.nn.LSTMCell(3, 4))
    assert repr(nn.GRUCell(3, 4, bias=False)) == repr(torch.nn.GRUCell(3, 4, bias=False))
    shown = repr(torch.nn.RNNCell(3, 4, nonlinearity="relu")).replace("RNNCell", "ElmanCell")
    assert repr(nn.ElmanCell(3, 4, nonlinearity="relu")) == shown
    assert repr(nn.GRUCell(3, 4, layer_norm=True)) == "GRUCell(3, 4, layer_norm=True)"


def test_a_cell_must_be_written() -> None:
    with pytest.raises(NotImplementedError, match="Cell must define initial_state"):
        nn.Cell().initial_state(2)
    with pytest.raises(NotImplementedError, match="Cell must define step"):
        nn.Cell().step(torch.zeros(2, 3), None)


def test_errors() -> None:
    with pytest.raises(ConfigError, match="hidden_size"):
        nn.GRUCell(3, 0)
    with pytest.raises(OptionTypeError, match="bias"):
        nn.GRUCell(3, 4, bias="yes")  # type: ignore[arg-type]
    cell = nn.LSTMCell(3, 4)
    with pytest.raises(ShapeError, match=r"x: expected \(B, I=3\)"):
        cell(torch.zeros(2, 5))
    with pytest.raises(ShapeError, match=r"takes \(h, c\)"):
        cell(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(ShapeError, match="state h"):
        cell(torch.zeros(2, 3), (torch.zeros(3, 4), torch.zeros(3, 4)))
    with pytest.raises(ShapeError, match="expected a tensor"):
        cell.step(torch.zeros(2, 3), ((torch.zeros(2, 4),), torch.zeros(2, 4)))
