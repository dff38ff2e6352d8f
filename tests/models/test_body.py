"""The recurrent body is the layers with dropout in three places."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from elman.models.body import RecurrentBody
from elman.models.config import BodyConfig
from elman.nn import LockedDropout

X = torch.randn(6, 3, 5, generator=torch.Generator().manual_seed(0))


def body(**values: Any) -> RecurrentBody:
    torch.manual_seed(1)
    return RecurrentBody(5, BodyConfig(**{"hidden_size": 7, "dropout": 0.0, **values}))


@pytest.mark.parametrize(
    ("cell", "torch_layer"),
    [
        ("rnn", nn.RNN),
        ("rnn_relu", lambda *sizes: nn.RNN(*sizes, nonlinearity="relu")),
        ("lstm", nn.LSTM),
        ("gru", nn.GRU),
    ],
)
def test_equals_torch_layers(cell: str, torch_layer: Any) -> None:
    made = body(cell=cell, num_layers=3)
    theirs = torch_layer(5, 7, 3)
    for k, layer in enumerate(made.layers.layers):
        for name, parameter in layer.named_parameters():
            getattr(theirs, name.replace("_l0", f"_l{k}")).data.copy_(parameter)
    output, raw, state = made(X)
    torch.testing.assert_close(output, theirs(X)[0])
    assert torch.equal(output, raw) and len(state) == 3


def test_both_directions_equal_torch_layers_and_lengths_hold() -> None:
    torch.manual_seed(1)
    made = RecurrentBody(
        5, BodyConfig(hidden_size=7, dropout=0, num_layers=2, cell="gru"), bidirectional=True
    )
    theirs = nn.GRU(5, 7, 2, bidirectional=True)
    for k, layer in enumerate(made.layers.layers):
        for name, parameter in layer.named_parameters():
            getattr(theirs, name.replace("_l0", f"_l{k}")).data.copy_(parameter)
    output, _, state = made(X, lengths=[6, 2, 4])
    assert output.shape == (6, 3, made.output_size) and made.output_size == 14
    packed = nn.utils.rnn.pack_padded_sequence(X, torch.tensor([6, 2, 4]), enforce_sorted=False)
    expected, h = theirs(packed)
    torch.testing.assert_close(output, nn.utils.rnn.pad_packed_sequence(expected)[0])
    torch.testing.assert_close(torch.cat(state), h)


def test_last_size_narrows_the_last_layer_alone() -> None:
    made = RecurrentBody(5, BodyConfig(hidden_size=7, num_layers=3), last_size=4)
    assert made(X).output.shape == (6, 3, 4) and made.output_size == 4
    assert [layer.hidden_size for layer in made.layers.layers] == [7, 7, 4]


@pytest.mark.parametrize("place", ["input", "hidden", "output"])
def test_locked_dropout_stands_in_for_plain_at_its_place(place: str) -> None:
    made = body(dropout=0.3, **{f"dropout_{place}": 0.5})
    modules = {
        "input": made.dropout_input,
        "hidden": made.layers.dropout,
        "output": made.dropout_output,
    }
    for where, module in modules.items():
        assert module.p == (0.5 if where == place else 0.3)
        assert isinstance(module, LockedDropout if where == place else nn.Dropout)


def test_locked_output_dropout_is_one_mask_for_all_steps() -> None:
    made = body(dropout_output=0.5)
    output, raw, _ = made(X)
    dropped = output == 0
    assert dropped.any() and not dropped.all() and torch.equal(dropped, dropped[:1].expand(6, 3, 7))
    torch.testing.assert_close(output[~dropped], raw[~dropped] * 2)


@pytest.mark.parametrize(
    "option",
    [
        {"dropout": 0.4},
        {"dropout_input": 0.4},
        {"dropout_hidden": 0.4},
        {"dropout_output": 0.4},
        {"recurrent_dropout": 0.4},
        {"weight_drop": 0.4},
        {"zoneout": 0.4},
    ],
    ids=lambda option: next(iter(option)),
)
def test_noise_acts_in_training_alone(option: dict[str, float]) -> None:
    plain, noisy = body(), body(**option)
    noisy.load_state_dict(plain.state_dict())
    assert not torch.equal(noisy(X).output, plain(X).output)
    assert not torch.equal(noisy(X).output, noisy(X).output)
    noisy.eval()
    assert torch.equal(noisy(X).output, noisy(X).output)
    if "zoneout" not in option:  # zoneout mixes in its mean, as it should
        torch.testing.assert_close(noisy(X).output, plain(X).output)


def test_layer_norm_changes_the_layers() -> None:
    names = [name for name, _ in body(layer_norm=True).named_parameters()]
    assert any("norm_hh" in name for name in names)
    assert not any("norm" in name for name, _ in body().named_parameters())


def test_init_is_as_asked() -> None:
    for layer in body(init="orthogonal").layers.layers:
        for block in layer.weight_hh_l0.split(7):
            torch.testing.assert_close(block @ block.T, torch.eye(7), atol=1e-5, rtol=0)
    for layer in body(init="chrono", chrono_max=50).layers.layers:
        i, f, _, _ = (layer.bias_ih_l0 + layer.bias_hh_l0).split(7)
        assert (f >= 0).all() and f.max() > 1 and torch.equal(i, -f)
    for cell, gate in (("lstm", 1), ("gru", 1)):
        for layer in body(cell=cell, forget_bias=2.0).layers.layers:
            biases = (layer.bias_ih_l0 + layer.bias_hh_l0).split(7)
            assert torch.equal(biases[gate], torch.full((7,), 2.0))


def test_the_backend_asked_for_is_used() -> None:
    assert body(backend="reference").layers.layers[0].explain(X).chosen == "reference"


def test_lengths_and_resets_reach_the_layers() -> None:
    made = body()
    lengths = torch.tensor([6, 2, 4])
    output = made(X, lengths=lengths).output
    torch.testing.assert_close(output[:2, 1], made(X[:2, 1:2]).output[:, 0])
    assert not output[2:, 1].any()
    reset = torch.zeros(6, 3, dtype=torch.bool)
    reset[3] = True
    torch.testing.assert_close(made(X, reset=reset).output[3:], made(X[3:]).output)
