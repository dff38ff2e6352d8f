"""Both strands of DNA say the same: layers are equivariant, what is pooled is invariant."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import elman
from elman._errors import ConfigError, ShapeError
from elman.nn.pooling import POOLINGS, make_pooling
from elman.nn.reverse_complement import InvariantPooling, ReverseComplement, reverse_complement

LENGTHS = torch.tensor([9, 4, 1])
LIMITS = {torch.float32: 1e-6, torch.float64: 1e-12}
LAYERS: dict[str, Any] = {"rnn": elman.nn.RNN, "lstm": elman.nn.LSTM, "gru": elman.nn.GRU}


def letters(dtype: torch.dtype, steps: int = 9) -> Tensor:
    """Soft one-hot letters ``(T, 3, 4)``, padding of garbage."""
    return torch.rand(steps, 3, 4, generator=torch.Generator().manual_seed(0)).to(dtype)


def valid(x: Tensor) -> Tensor:
    return x * (torch.arange(len(x)).unsqueeze(1) < LENGTHS).unsqueeze(2)


def apart(a: Tensor, b: Tensor) -> float:
    return float((a - b).detach().abs().max())


def stack(kind: str, dtype: torch.dtype, **options: Any) -> elman.nn.Stacked:
    torch.manual_seed(1)
    sizes = [(4, 7), (14, 5), (10, 6)]
    layers = [ReverseComplement(LAYERS[kind](i, h, **options)) for i, h in sizes]
    return elman.nn.Stacked(layers).to(dtype)


def test_it_turns_time_and_channels_within_the_lengths() -> None:
    x = letters(torch.float64)
    turned = reverse_complement(x, LENGTHS)
    for b, size in enumerate(LENGTHS.tolist()):
        assert torch.equal(turned[:size, b], x[:size, b].flip(0, 1))
    assert torch.equal(valid(reverse_complement(turned, LENGTHS)), valid(x))
    assert torch.equal(reverse_complement(x), x.flip(0, 2))


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_a_stack_is_equivariant(kind: str, dtype: torch.dtype, lengths: Tensor | None) -> None:
    layers, x = stack(kind, dtype), letters(dtype)
    output, _ = layers(x, lengths=lengths)
    other, _ = layers(reverse_complement(x, lengths), lengths=lengths)
    assert output.shape == (9, 3, 12)
    assert apart(other, reverse_complement(output, lengths)) < LIMITS[dtype]
    assert apart(other, output) > 1e-3  # equivariant, not constant


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("pooling", list(POOLINGS))
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("size", [12, 6])
def test_what_is_pooled_is_invariant(
    size: int, kind: str, pooling: str, dtype: torch.dtype
) -> None:
    layers, x = stack(kind, dtype), letters(dtype)
    pool = InvariantPooling(make_pooling(pooling, size, bidirectional=True)).to(dtype)
    for parameter in pool.parameters():
        torch.nn.init.normal_(parameter)  # an attention starts as the mean
    one = pool(layers(x, lengths=LENGTHS)[0], LENGTHS)
    other = pool(layers(reverse_complement(x, LENGTHS), lengths=LENGTHS)[0], LENGTHS)
    assert apart(one, other) < LIMITS[dtype]
    assert float(one.detach().std(0).min()) > 1e-4  # and tells sequences apart


def test_the_halves_are_the_layer_over_each_strand() -> None:
    torch.manual_seed(0)
    layer = elman.nn.LSTM(4, 3).double()
    x = letters(torch.float64)
    output, state = ReverseComplement(layer)(x, lengths=LENGTHS)
    for b, size in enumerate(LENGTHS.tolist()):
        alone = x[:size, b : b + 1]
        given, (h, c) = layer(alone)
        other, (h_other, _) = layer(alone.flip(0, 2))
        torch.testing.assert_close(output[:size, b : b + 1, :3], given)
        torch.testing.assert_close(output[:size, b : b + 1, 3:], other.flip(0, 2))
        torch.testing.assert_close(state[0][0][:, b], h[:, 0])
        torch.testing.assert_close(state[0][1][:, b], c[:, 0])
        torch.testing.assert_close(state[1][0][:, b], h_other[:, 0])


def test_a_state_goes_in_as_it_came_out() -> None:
    torch.manual_seed(0)
    layers, x = stack("gru", torch.float64), letters(torch.float64)
    zero = layers.initial_state(3)
    torch.testing.assert_close(layers(x, zero)[0], layers(x)[0])
    _, state = layers(x)
    first = ReverseComplement(elman.nn.GRU(4, 7)).double()
    first.load_state_dict({k: v for k, v in layers.layers[0].state_dict().items()})
    output, _ = first(x, state[0])
    expected, _ = first.layer(x, state[0][0])
    torch.testing.assert_close(output[:, :, :7], expected)


def test_any_cell_over_time_is_a_layer() -> None:
    torch.manual_seed(0)
    layer = ReverseComplement(elman.nn.Recurrent(elman.nn.GRUCell(4, 3))).double()
    x = letters(torch.float64)
    output, (_, state) = layer(x, lengths=LENGTHS)
    assert output.shape == (9, 3, 6) and state.shape == (3, 3)
    again, _ = layer(reverse_complement(x, LENGTHS), lengths=LENGTHS)
    assert apart(again, reverse_complement(output, LENGTHS)) < 1e-12


def test_parts_that_start_anew_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    layer, x = ReverseComplement(elman.nn.GRU(4, 3)).double(), letters(torch.float64)
    reset = torch.zeros(9, 3, dtype=torch.bool)
    reset[5] = True
    output, _ = layer(x, reset=reset)
    parts = [layer(part)[0] for part in (x[:5], x[5:])]
    torch.testing.assert_close(output, torch.cat(parts))


def test_the_complement_may_be_another_order() -> None:
    torch.manual_seed(0)
    layer = ReverseComplement(elman.nn.GRU(4, 3), complement=(1, 0, 3, 2)).double()
    x = letters(torch.float64)
    output, _ = layer(x)
    again, _ = layer(x.flip(0)[:, :, [1, 0, 3, 2]])
    assert apart(again, reverse_complement(output)) < 1e-12
    assert set(layer.state_dict()) == {f"layer.{n}" for n in elman.nn.GRU(4, 3).state_dict()}


def test_gradients_reach_the_weights_from_both_strands() -> None:
    torch.manual_seed(0)
    layer = ReverseComplement(elman.nn.GRU(4, 3)).double()
    x = letters(torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: layer(x, lengths=LENGTHS)[0], x)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigError, match="time-major"):
        ReverseComplement(elman.nn.GRU(4, 3, batch_first=True))
    for wrong in ((1, 2, 0, 3), (0, 0, 2, 3), (0, 1, 2, 9)):
        with pytest.raises(ConfigError, match="complement of its complement"):
            ReverseComplement(elman.nn.GRU(4, 3), complement=wrong)
    with pytest.raises(ConfigError, match="before the end is there"):
        InvariantPooling(make_pooling("mean", 4)).start(1, letters(torch.float32))
    with pytest.raises(ShapeError, match="expected a pair"):
        ReverseComplement(elman.nn.GRU(4, 3))(letters(torch.float32), torch.zeros(1, 3, 3))
