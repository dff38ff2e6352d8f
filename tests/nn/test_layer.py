"""What RNN, LSTM and GRU share: equality with torch.nn, layouts, masks of training, errors."""

from __future__ import annotations

import copy
import itertools
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from elman import nn
from elman._errors import (
    BackendUnavailable,
    ConfigError,
    DataError,
    DtypeError,
    ShapeError,
    UnknownName,
)
from elman._native import KERNELS
from elman.nn.layer import as_lengths
from elman.nn.options import OptionTypeError
from elman.ops.backends import BACKENDS

TORCH: dict[str, Any] = {
    "rnn": torch.nn.RNN,
    "rnn_relu": lambda *a, **k: torch.nn.RNN(*a, nonlinearity="relu", **k),
    "lstm": torch.nn.LSTM,
    "gru": torch.nn.GRU,
}
LAYERS = list(nn.LAYERS)
I, H, T, B = 3, 5, 6, 4
LENGTHS = [2, 6, 1, 4]
TOLERANCE = {
    torch.float32: {"rtol": 2e-5, "atol": 2e-6},
    torch.float64: {"rtol": 1e-12, "atol": 1e-12},
}

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")


def twins(cell: str, dtype: torch.dtype = torch.float32, **options: Any) -> tuple[Any, Any]:
    """Return torch's layer and ours with the same parameters, moved by state dict."""
    torch.manual_seed(5)
    theirs = TORCH[cell](I, H, dtype=dtype, **options)
    torch.manual_seed(6)
    ours = nn.make_layer(cell, I, H, dtype=dtype, **options)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def flat(state: Any) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def random_state(layer: Any, batch: int = B) -> Any:
    rng = torch.Generator().manual_seed(9)

    def draw(zeros: Tensor) -> Tensor:
        noise = torch.randn(zeros.shape, dtype=torch.float64, generator=rng)
        return noise.to(zeros.dtype).requires_grad_()

    return nn.map_state(draw, layer.initial_state(batch))


def all_gradients(outputs: tuple[Tensor, ...], inputs: list[Tensor]) -> list[Tensor]:
    rng = torch.Generator().manual_seed(8)
    loss = sum(
        (o * torch.randn(o.shape, dtype=torch.float64, generator=rng).to(o.dtype)).sum()
        for o in outputs
    )
    assert isinstance(loss, Tensor)
    return list(torch.autograd.grad(loss, inputs))


def run_both(
    theirs: Any, ours: Any, how: str, batch_first: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """Run torch's layer and ours; return output, states and every gradient of each."""
    dtype = next(ours.parameters()).dtype
    x = torch.randn(T, B, I, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    x = (x.transpose(0, 1) if batch_first else x).to(dtype).requires_grad_()
    state = random_state(ours)
    results = []
    for layer in (theirs, ours):
        torch.manual_seed(1)  # the same dropout for both
        if how == "padded":
            output, final = layer(x, state)
        elif how == "lengths" and layer is ours:
            output, final = layer(x, state, lengths=LENGTHS)
        else:
            in_order = how == "packed_sorted"
            lengths = sorted(LENGTHS, reverse=True) if in_order else LENGTHS
            packed = pack_padded_sequence(
                x, torch.tensor(lengths), batch_first=batch_first, enforce_sorted=in_order
            )
            out, final = layer(packed, state)
            assert isinstance(out, PackedSequence)
            assert torch.equal(out.batch_sizes, packed.batch_sizes)
            for mine, given in ((out[2], packed[2]), (out[3], packed[3])):
                assert (mine is None) == (given is None)
                assert mine is None or torch.equal(mine, given)
            output, sizes = pad_packed_sequence(out, batch_first=batch_first)
            assert sizes.tolist() == lengths
        outputs = (output, *flat(final))
        inputs = [x, *flat(state), *layer.parameters()]
        results.append([*outputs, *all_gradients(outputs, inputs)])
    return results[0], results[1]


def combinations() -> list[Any]:
    """Return the full product of what torch.nn knows."""
    cases = []
    for cell, layers, two, bias, proj, how, first, dtype in itertools.product(
        LAYERS,
        (1, 2, 3),
        (False, True),
        (True, False),
        (0, 2),
        ("padded", "lengths", "packed", "packed_sorted"),
        (False, True),
        (torch.float32, torch.float64),
    ):
        if proj and cell != "lstm":
            continue
        options: dict[str, Any] = {
            "num_layers": layers,
            "bidirectional": two,
            "bias": bias,
            "batch_first": first,
        }
        if proj:
            options["proj_size"] = proj
        name = f"{cell}-{how}-{str(dtype)[6:]}-" + "-".join(f"{v:d}" for v in options.values())
        cases.append(pytest.param(cell, options, how, dtype, id=name))
    return cases


EVERY = combinations()


def check_equal_to_torch(cell: str, options: dict[str, Any], how: str, dtype: torch.dtype) -> None:
    theirs, ours = twins(cell, dtype, **options)
    for backend in BACKENDS:
        ours.backend = backend
        try:
            expected, got = run_both(theirs, ours, how, options["batch_first"])
        except BackendUnavailable:
            assert backend not in ("aten", "reference"), "these serve all that torch.nn knows"
            continue
        for a, b in zip(got, expected, strict=True):
            torch.testing.assert_close(a, b, **TOLERANCE[dtype])
        # the reverse direction reads x flipped, and so its input product may round otherwise
        if backend == "aten" and not options["bidirectional"]:
            for k in range(1 + len(ours.spec.state)):
                assert torch.equal(got[k], expected[k]), "the same kernels, so the same bits"


# a stride that meets every value of every option, with every other, in seconds
@pytest.mark.parametrize(("cell", "options", "how", "dtype"), EVERY[::7])
def test_equal_to_torch(cell: str, options: dict[str, Any], how: str, dtype: torch.dtype) -> None:
    """Output, final states and every gradient; without a reverse direction to the last bit."""
    check_equal_to_torch(cell, options, how, dtype)


@pytest.mark.slow
@pytest.mark.parametrize(("cell", "options", "how", "dtype"), EVERY)
def test_equal_to_torch_everywhere(
    cell: str, options: dict[str, Any], how: str, dtype: torch.dtype
) -> None:
    check_equal_to_torch(cell, options, how, dtype)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("cell", LAYERS)
def test_dropout_in_training_is_bit_equal_to_torch(cell: str, batch_first: bool) -> None:
    theirs, ours = twins(cell, num_layers=3, dropout=0.4, batch_first=batch_first)
    ours.backend = "aten"
    expected, got = run_both(theirs, ours, "padded", batch_first)
    assert torch.equal(got[0], expected[0])
    quiet = run_both(theirs.eval(), ours.eval(), "padded", batch_first)
    assert torch.equal(quiet[0][0], quiet[1][0])
    assert not torch.equal(quiet[0][0], got[0])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", LAYERS)
def test_state_dict_moves_both_ways(cell: str, bidirectional: bool) -> None:
    theirs, ours = twins(cell, num_layers=2, bidirectional=bidirectional)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x = torch.randn(T, B, I)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.add_(0.1)
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(theirs(x)[0], ours(x)[0])
    assert [[p.shape for p in w] for w in ours.all_weights] == [
        [p.shape for p in w] for w in theirs.all_weights
    ]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", LAYERS)
def test_same_seed_same_parameters_as_torch(cell: str, bias: bool) -> None:
    options = {"num_layers": 2, "bidirectional": True, "bias": bias}
    torch.manual_seed(3)
    theirs = TORCH[cell](I, H, **options)
    for layer_norm in (False, True):
        torch.manual_seed(3)
        ours = nn.make_layer(cell, I, H, layer_norm=layer_norm, **options)
        named = dict(ours.named_parameters())
        for name, parameter in theirs.named_parameters():
            assert torch.equal(named[name], parameter)
    torch.manual_seed(4)
    theirs.reset_parameters()
    torch.manual_seed(4)
    ours.reset_parameters()
    assert torch.equal(ours.weight_hh_l1, theirs.weight_hh_l1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_layers": 2, "dropout": 0.5},
        {"bias": False, "batch_first": True, "bidirectional": True},
    ],
)
@pytest.mark.parametrize("cell", LAYERS)
def test_same_repr_as_torch(cell: str, options: dict[str, Any]) -> None:
    assert repr(nn.make_layer(cell, I, H, **options)) == repr(TORCH[cell](I, H, **options))


def test_repr_shows_what_torch_has_not() -> None:
    layer = nn.LSTM(3, 4, layer_norm=True, zoneout=(0.1, 0.0), forget_bias=1.0, backend="reference")
    assert repr(layer) == (
        "LSTM(3, 4, layer_norm=True, zoneout=(0.1, 0.0), forget_bias=1.0, backend=reference)"
    )


@pytest.mark.parametrize("cell", LAYERS)
def test_unbatched_equals_torch(cell: str) -> None:
    for batch_first in (False, True):
        theirs, ours = twins(cell, num_layers=2, batch_first=batch_first)
        ours.backend = "aten"
        x = torch.randn(T, I)
        state = nn.map_state(lambda s: s.squeeze(1), random_state(ours, 1))
        for given_state in (None, state):
            expected, final = theirs(x, given_state)
            output, mine = ours(x, given_state)
            assert torch.equal(output, expected)
            assert all(torch.equal(a, b) for a, b in zip(flat(mine), flat(final), strict=True))
    ours.backend = "auto"
    output, _ = ours(x, reset=torch.tensor([False, True] * 3))
    assert not torch.equal(output, ours(x)[0])
    trace = ours.trace(x)
    assert trace.output.shape == (T, H)
    assert trace.layers[1][0].states["h"].shape == (T, H)
    with pytest.raises(ShapeError, match="unbatched x"):
        ours(x, lengths=[6])
    with pytest.raises(ShapeError, match="x is unbatched"):
        ours(x, ours.initial_state(1))


def test_empty_sequences_are_served() -> None:
    for cell, layers in itertools.product(LAYERS, (1, 2)):
        layer = nn.make_layer(cell, I, H, num_layers=layers, bidirectional=True)
        for steps, batch in ((0, 2), (2, 0), (0, 0)):
            state = random_state(layer, batch)
            output, final = layer(torch.zeros(steps, batch, I), state)
            assert output.shape == (steps, batch, 2 * H)
            assert all(a.shape == b.shape for a, b in zip(flat(final), flat(state), strict=True))
        output, final = layer(torch.zeros(0, 2, I), random_state(layer, 2))
        assert torch.equal(flat(final)[0], flat(random_state(layer, 2))[0])


# ---------------------------------------------------------------- options beyond torch

REGULARISED = {
    "layer_norm": {"layer_norm": True},
    "zoneout": {"zoneout": 0.3},
    "recurrent_dropout": {"recurrent_dropout": 0.3},
    "weight_drop": {"weight_drop": 0.3},
    "all": {"layer_norm": True, "zoneout": 0.2, "recurrent_dropout": 0.2, "weight_drop": 0.2},
}


def backends_for(layer: Any, x: Tensor | None = None, **options: Any) -> list[str]:
    refusals = layer.explain(x, **options).refusals
    return [n for n, why in refusals.items() if why is None and BACKENDS[n].exact]


@pytest.mark.parametrize("options", list(REGULARISED))
@pytest.mark.parametrize("cell", LAYERS)
def test_backends_agree_in_training_and_evaluation(cell: str, options: str) -> None:
    layer = nn.make_layer(cell, I, H, num_layers=2, bidirectional=True, **REGULARISED[options])
    x = torch.randn(T, B, I)
    for training in (True, False):
        layer.train(training)
        results = []
        for backend in ("reference", *backends_for(layer, x, lengths=LENGTHS)):
            layer.backend = backend
            torch.manual_seed(2)
            results.append(layer(x, lengths=LENGTHS)[0])
        for other in results[1:]:
            torch.testing.assert_close(other, results[0])
        layer.backend = "auto"
        torch.manual_seed(3)
        again = layer(x, lengths=LENGTHS)[0]
        drawn = training and options != "layer_norm"
        assert torch.allclose(again, results[0], atol=1e-5) != drawn


@pytest.mark.parametrize("backend", [n for n in BACKENDS if BACKENDS[n].exact])
@pytest.mark.parametrize("cell", LAYERS)
def test_dropped_weights_reach_the_kernel(cell: str, backend: str) -> None:
    """The output is that of a layer whose weight_hh was dropped by hand with the same draw."""
    layer = nn.make_layer(cell, I, H, weight_drop=0.5, backend=backend)
    x = torch.randn(T, B, I)
    torch.manual_seed(11)
    dropped = torch.nn.functional.dropout(layer.weight_hh_l0, 0.5)
    torch.manual_seed(11)
    output, _ = layer(x)
    plain = nn.make_layer(cell, I, H, backend=backend)
    plain.load_state_dict({**layer.state_dict(), "weight_hh_l0": dropped.detach()})
    assert torch.equal(output, plain(x)[0])
    assert not torch.equal(output, layer.eval()(x)[0])
    # the gradient arrives at the raw parameter, only where it was kept
    output.sum().backward()
    assert not layer.weight_hh_l0.grad[dropped == 0].any()
    assert layer.weight_hh_l0.grad.any()
    assert list(layer.state_dict()) == list(plain.state_dict())


@pytest.mark.parametrize("cell", LAYERS)
def test_weight_drop_is_drawn_anew_at_each_call(cell: str) -> None:
    layer = nn.make_layer(cell, I, H, weight_drop=0.5)
    x = torch.randn(T, B, I)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])


@pytest.mark.parametrize("cell", LAYERS)
def test_recurrent_dropout_is_one_mask_per_row(cell: str) -> None:
    layer = nn.make_layer(cell, I, 50, num_layers=2, bidirectional=True, recurrent_dropout=0.4)
    calls = [
        layer._call(k, x, layer._arrange(x, None, None, None))
        for k, x in enumerate([torch.randn(T, B, I), torch.randn(T, B, I)])
    ]
    masks = [call.recurrent_mask for call in calls]
    assert masks[0] is not None
    assert masks[0].shape == (B, 50)
    assert not torch.equal(masks[0], masks[1]), "each direction has its own"
    assert not torch.equal(masks[0][0], masks[0][1]), "each row has its own"
    assert masks[0].unique().tolist() == pytest.approx([0.0, 1 / 0.6])
    assert abs(float((masks[0] > 0).float().mean()) - 0.6) < 0.15


@pytest.mark.parametrize("cell", LAYERS)
def test_zoneout_draws_in_training_and_averages_in_evaluation(cell: str) -> None:
    layer = nn.make_layer(cell, I, 64, zoneout=0.25)
    given_ = layer._arrange(torch.randn(T, B, I), None, None, None)
    drawn = layer._call(0, given_.x, given_).zoneout
    assert len(drawn) == len(layer.spec.state)
    for mask in drawn:
        assert mask.shape == (T, B, 64)
        assert set(mask.unique().tolist()) == {0.0, 1.0}
        assert abs(float(mask.mean()) - 0.25) < 0.05
        assert not torch.equal(mask[0], mask[1])
    layer.eval()
    for rate in layer._call(0, given_.x, given_).zoneout:
        assert rate.shape == (T, B, 64)
        assert rate.unique().tolist() == [0.25]


def test_lstm_zoneout_takes_a_pair() -> None:
    layer = nn.LSTM(I, H, zoneout=(0.0, 0.4)).eval()
    given_ = layer._arrange(torch.randn(T, B, I), None, None, None)
    for_h, for_c = layer._call(0, given_.x, given_).zoneout
    assert for_h is None
    assert float(for_c[0, 0, 0]) == pytest.approx(0.4)
    with pytest.raises(ShapeError, match="one rate"):
        nn.GRU(I, H, zoneout=(0.1, 0.2))  # type: ignore[arg-type]


def test_zoneout_near_one_holds_the_state() -> None:
    layer = nn.GRU(I, H, zoneout=0.999999).eval()
    state = torch.randn(1, B, H)
    torch.testing.assert_close(layer(torch.randn(T, B, I), state)[1], state, atol=1e-4, rtol=0)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_forget_bias_is_set_and_survives_a_reset(cell: str) -> None:
    layer = nn.make_layer(cell, I, H, num_layers=2, bidirectional=True, forget_bias=1.5)
    for _ in range(2):
        for part in layer.weights():
            k = layer.spec.gates.index(layer.spec.keeps) * H
            assert (part.bias_ih + part.bias_hh)[k : k + H].tolist() == [1.5] * H
        layer.reset_parameters()


@pytest.mark.parametrize("cell", LAYERS)
def test_save_and_load(cell: str, tmp_path: Any) -> None:
    from safetensors.torch import load_file, save_file

    options = {"layer_norm": True, "zoneout": 0.1, "num_layers": 2, "bidirectional": True}
    layer = nn.make_layer(cell, I, H, **options).eval()
    save_file(layer.state_dict(), tmp_path / "layer.safetensors")
    other = nn.make_layer(cell, I, H, **options).eval()
    other.load_state_dict(load_file(tmp_path / "layer.safetensors"))
    x = torch.randn(T, B, I)
    assert torch.equal(other(x)[0], layer(x)[0])
    assert torch.equal(copy.deepcopy(layer)(x)[0], layer(x)[0])


def test_a_torch_checkpoint_does_not_fill_layer_norm() -> None:
    with pytest.raises(RuntimeError, match="norm_ih_l0"):
        nn.LSTM(I, H, layer_norm=True).load_state_dict(torch.nn.LSTM(I, H).state_dict())


@pytest.mark.parametrize("cell", LAYERS)
def test_dtype_and_device_arguments(cell: str) -> None:
    layer = nn.make_layer(cell, I, H, dtype=torch.float64, layer_norm=True)
    assert {p.dtype for p in layer.parameters()} == {torch.float64}
    assert layer(torch.zeros(T, B, I, dtype=torch.float64))[0].dtype == torch.float64
    assert layer.to(torch.float32)(torch.zeros(T, B, I))[0].dtype == torch.float32
    meta = nn.make_layer(cell, I, H, device="meta")
    assert all(p.is_meta for p in meta.parameters())


@pytest.mark.parametrize("cell", LAYERS)
def test_a_replaced_parameter_is_seen(cell: str) -> None:
    layer = nn.make_layer(cell, I, H)
    x = torch.randn(T, B, I)
    before = layer(x)[0]
    zeros = {n: torch.zeros_like(p) for n, p in layer.named_parameters()}
    assert not torch.equal(torch.func.functional_call(layer, zeros, (x,))[0], before)
    layer.weight_hh_l0 = torch.nn.Parameter(torch.zeros_like(layer.weight_hh_l0))
    assert not torch.equal(layer(x)[0], before)


# ---------------------------------------------------------------- lengths, reset, trace


@pytest.mark.parametrize("options", ["layer_norm", "zoneout"])
@pytest.mark.parametrize("cell", LAYERS)
@settings(max_examples=5)
@given(lengths=st.lists(st.integers(0, T), min_size=1, max_size=4), seed=st.integers(0, 999))
def test_padding_never_leaks(cell: str, options: str, lengths: list[int], seed: int) -> None:
    """Also not through the layers above, nor through the reverse direction."""
    torch.manual_seed(seed)
    layer = nn.make_layer(
        cell, I, H, num_layers=2, bidirectional=True, dtype=torch.float64, **REGULARISED[options]
    ).eval()
    x = torch.randn(T, len(lengths), I, dtype=torch.float64)
    dirty = x.clone()
    for b, length in enumerate(lengths):
        dirty[length:, b] = float("nan")
    results = []
    for value in (x, dirty):
        output, final = layer(value, lengths=lengths)
        outputs = (output, *flat(final))
        results.append([*outputs, *all_gradients(outputs, list(layer.parameters()))])
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)
    # each row is what it would be alone, at its own length
    for b, length in enumerate(lengths):
        alone, state = layer(x[:length, b : b + 1])
        torch.testing.assert_close(results[0][0][:length, b], alone[:, 0])
        for whole, mine in zip(results[0][1:], flat(state), strict=False):
            torch.testing.assert_close(whole[:, b], mine[:, 0])


@pytest.mark.parametrize("backend", list(BACKENDS))
@pytest.mark.parametrize("cell", LAYERS)
@settings(max_examples=5)
@given(split=st.integers(0, T), seed=st.integers(0, 999))
def test_split_invariance_through_layers(cell: str, backend: str, split: int, seed: int) -> None:
    torch.manual_seed(seed)
    layer = nn.make_layer(cell, I, H, num_layers=3, dtype=torch.float64)
    if backend not in backends_for(layer):
        return
    layer.backend = backend
    x = torch.randn(T, B, I, dtype=torch.float64)
    whole, final = layer(x)
    outputs, state = [], None
    for part in (x[:split], x[split:]):
        if len(part):  # a backend that is asked for by name may refuse to do nothing
            output, state = layer(part, state)
            outputs.append(output)
    torch.testing.assert_close(torch.cat(outputs), whole, rtol=1e-9, atol=1e-9)
    for a, b in zip(flat(state), flat(final), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("cell", LAYERS)
def test_reset_follows_the_layout(cell: str, batch_first: bool) -> None:
    layer = nn.make_layer(cell, I, H, num_layers=2, bidirectional=True, batch_first=batch_first)
    x = torch.randn(T, B, I)
    reset = torch.zeros(T, B, dtype=torch.bool)
    reset[4] = True
    turn = (lambda v: v.transpose(0, 1)) if batch_first else (lambda v: v)
    whole = turn(layer(turn(x), reset=turn(reset))[0])
    halves = [turn(layer(turn(part))[0]) for part in (x[:4], x[4:])]
    torch.testing.assert_close(whole, torch.cat(halves))
    with pytest.raises(ShapeError, match="reset: expected"):
        layer(turn(x), reset=turn(reset).transpose(0, 1))


@pytest.mark.parametrize("cell", LAYERS)
def test_packed_reset_is_in_the_callers_order(cell: str) -> None:
    layer = nn.make_layer(cell, I, H, num_layers=2)
    x, reset = torch.randn(T, B, I), torch.rand(T, B) < 0.4
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    state = random_state(layer)
    output, final = layer(packed, state, reset=reset)
    expected, expected_final = layer(x, state, lengths=LENGTHS, reset=reset)
    torch.testing.assert_close(pad_packed_sequence(output)[0], expected)
    torch.testing.assert_close(flat(final)[0], flat(expected_final)[0])
    with pytest.raises(ShapeError, match="brings its own"):
        layer(packed, lengths=LENGTHS)
    with pytest.raises(ShapeError, match="PackedSequence"):
        layer.trace(packed)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("cell", LAYERS)
def test_trace_shows_the_run(cell: str, batch_first: bool) -> None:
    layer = nn.make_layer(cell, I, H, num_layers=2, bidirectional=True, batch_first=batch_first)
    x = torch.randn(B, T, I) if batch_first else torch.randn(T, B, I)
    output, final = layer(x, lengths=LENGTHS)
    trace = layer.trace(x, lengths=LENGTHS)
    assert torch.equal(trace.output, output)
    assert all(torch.equal(a, b) for a, b in zip(flat(trace.state), flat(final), strict=True))
    assert [len(directions) for directions in trace.layers] == [2, 2]
    for layer_trace in itertools.chain(*trace.layers):
        assert list(layer_trace.gates) == list(layer.spec.gates)
        assert all(g.shape == (*x.shape[:2], H) for g in layer_trace.gates.values())
    top = torch.cat([half.states["h"] for half in trace.layers[1]], -1)
    inside = output != 0
    assert torch.equal(top[inside], output[inside])


def test_trace_of_training_shows_the_same_draw() -> None:
    layer = nn.LSTM(I, H, num_layers=2, zoneout=0.3, recurrent_dropout=0.3, weight_drop=0.3)
    x = torch.randn(T, B, I)
    torch.manual_seed(0)
    expected = layer(x)[0]
    torch.manual_seed(0)
    assert torch.equal(layer.trace(x).output, expected)


def test_explain_says_which_and_why() -> None:
    assert nn.LSTM(I, H).explain().chosen != "reference"
    told = nn.LSTM(I, H, layer_norm=True, zoneout=0.1).explain()
    assert "layer norm" in str(told.refusals["aten"])
    layer = nn.GRU(I, H, recurrent_dropout=0.2, batch_first=True)
    before = torch.get_rng_state()
    reset = torch.zeros(B, T, dtype=torch.bool)
    assert layer.explain(torch.zeros(B, T, I), reset=reset).refusals["aten"] is not None
    assert torch.equal(torch.get_rng_state(), before), "asking changes nothing"


@pytest.mark.parametrize("backend", list(BACKENDS))
@pytest.mark.parametrize("cell", LAYERS)
def test_autocast(cell: str, backend: str) -> None:
    """Products run in bfloat16; what comes out has the dtype of the parameters."""
    layer = nn.make_layer(cell, I, H, num_layers=2, bidirectional=True)
    with torch.autocast("cpu", torch.bfloat16):
        layer.backend = backend if backend in backends_for(layer) else "auto"
    x = torch.randn(T, B, I)
    plain, _ = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        output, state = layer(x)
        output, state = layer(x.bfloat16(), nn.detach_state(state))
        output, state = layer(x)
        layer.trace(x, lengths=LENGTHS)
    assert output.dtype == flat(state)[0].dtype == torch.float32
    assert torch.isfinite(output).all()
    torch.testing.assert_close(output, plain, rtol=0.05, atol=0.05)
    output.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in layer.parameters())


# ---------------------------------------------------------------- errors

BAD_OPTIONS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"input_size": 0}, ConfigError, "input_size: expected at least 1, got 0"),
    ({"input_size": 2.0}, OptionTypeError, "input_size: expected an int, got 2.0"),
    ({"hidden_size": -1}, ConfigError, "hidden_size: expected at least 1"),
    ({"num_layers": 0}, ConfigError, "num_layers: expected at least 1"),
    ({"proj_size": -1}, ConfigError, "proj_size: expected at least 0"),
    ({"proj_size": 4}, ShapeError, "less than hidden_size=4"),
    ({"bias": 1}, OptionTypeError, "bias: expected a bool"),
    ({"batch_first": None}, OptionTypeError, "batch_first: expected a bool"),
    ({"dropout": 1.1}, ConfigError, r"dropout: expected a number in \[0, 1\]"),
    ({"dropout": True}, ConfigError, "dropout: expected a number"),
    ({"zoneout": 1.0}, ConfigError, r"zoneout: expected a number in \[0, 1\)"),
    ({"zoneout": (0.1, -0.1)}, ConfigError, "zoneout of c: expected"),
    ({"recurrent_dropout": 1.0}, ConfigError, "recurrent_dropout: expected"),
    ({"weight_drop": "0.5"}, ConfigError, "weight_drop: expected"),
    ({"forget_bias": 1.0, "bias": False}, ConfigError, "bias=False"),
    ({"backend": "cuda"}, UnknownName, "unknown backend 'cuda'"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD_OPTIONS)
def test_a_wrong_option_is_one_clear_error(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        nn.LSTM(**{"input_size": 3, "hidden_size": 4, **options})
    if set(options) <= {"input_size", "hidden_size", "num_layers", "proj_size", "bias", "dropout"}:
        with pytest.raises((ValueError, TypeError)) as theirs:
            torch.nn.LSTM(**{"input_size": 3, "hidden_size": 4, **options})
        assert issubclass(error, theirs.type)


def test_dropout_on_one_layer_warns_as_torch_does() -> None:
    with pytest.warns(UserWarning, match="num_layers"):
        torch.nn.LSTM(3, 4, dropout=0.5)
    with pytest.warns(UserWarning, match="num_layers=1 dropout=0.5 does nothing") as caught:
        nn.LSTM(3, 4, dropout=0.5)
    assert caught[0].filename == __file__, "the warning points at the caller"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.LSTM(3, 4, num_layers=2, dropout=0.5)


@pytest.mark.parametrize(
    ("x", "state", "message"),
    [
        (torch.zeros(2), None, r"x: expected \(T, B, I\), or \(T, I\)"),
        (torch.zeros(2, 2, 2, 2), None, "x: expected"),
        (torch.zeros(5, 2, 4), None, "x has 4 features but LSTM was built with input_size=3"),
        (torch.zeros(5, 2, 3), torch.zeros(1, 2, 4), r"LSTM takes \(h, c\), got 1"),
        (torch.zeros(5, 2, 3), (torch.zeros(2, 4),) * 2, r"state h: expected \(L\*D=1, B=2, H=4\)"),
        (torch.zeros(5, 2, 3), (torch.zeros(1, 3, 4),) * 2, "state h: expected"),
        (torch.zeros(5, 2, 3), ((torch.zeros(1, 2, 4),),) * 2, "takes"),
    ],
)
def test_a_wrong_shape_is_one_clear_error(x: Tensor, state: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        nn.LSTM(3, 4)(x, state)


def test_the_state_is_taken_under_torchs_name_too() -> None:
    layer, x, h = nn.GRU(3, 4), torch.randn(5, 2, 3), torch.randn(1, 2, 4)
    assert torch.equal(layer(x, hx=h)[0], layer(x, h)[0])
    with pytest.raises(ShapeError, match="given twice"):
        layer(x, h, hx=h)


def test_lengths_are_whole_numbers() -> None:
    cpu = torch.device("cpu")
    assert as_lengths(np.array([1, 2], dtype=np.int32), 2, cpu).dtype == torch.int64
    assert as_lengths([], 0, cpu).shape == (0,)
    with pytest.raises(DtypeError, match="whole numbers"):
        as_lengths([1.5, 2.0], 2, cpu)
    with pytest.raises(DtypeError, match="whole numbers"):
        as_lengths(torch.tensor([True]), 1, cpu)
    with pytest.raises(ShapeError, match="lengths: expected"):
        as_lengths([1], 2, cpu)
    with pytest.raises(ShapeError, match="from 0 to T=5"):
        nn.GRU(3, 4)(torch.zeros(5, 1, 3), lengths=[6])


def test_wrong_dtype_names_both() -> None:
    with pytest.raises(DtypeError, match=r"float64 but the weights are torch\.float32"):
        nn.GRU(3, 4)(torch.zeros(5, 1, 3, dtype=torch.float64))


def test_a_named_backend_that_cannot_serve_is_an_error() -> None:
    with pytest.raises(BackendUnavailable, match="no layer norm"):
        nn.GRU(3, 4, layer_norm=True, backend="aten")(torch.zeros(5, 1, 3))


@pytest.mark.gpu
@pytest.mark.parametrize("cell", LAYERS)
def test_on_cuda(cell: str) -> None:
    theirs, ours = twins(cell, num_layers=2, bidirectional=True)
    theirs, ours = theirs.cuda(), ours.cuda()
    x = torch.randn(T, B, I, device="cuda")
    torch.testing.assert_close(ours(x)[0], theirs(x)[0], rtol=1e-3, atol=1e-3)
    ours(x)[0].sum().backward()
    ours.flatten_parameters()
    ours(x, lengths=LENGTHS)


def test_another_device_is_named() -> None:
    with pytest.raises(DtypeError, match="x is on meta but the weights are on cpu"):
        nn.GRU(I, H)(torch.zeros(T, B, I, device="meta"))
    with pytest.raises(DtypeError, match="h is on meta but the weights are on cpu"):
        nn.GRU(I, H)(torch.zeros(T, B, I), torch.zeros(1, B, H, device="meta"))


@pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")
@pytest.mark.parametrize("cell", LAYERS)
def test_weights_that_are_not_finite_are_named(cell: str) -> None:
    for poison in (float("nan"), float("inf")):
        layer = nn.make_layer(cell, I, H, backend="cpu")
        with torch.no_grad():
            layer.weight_hh_l0[2, 1] = poison
        with pytest.raises(DataError, match=r"finite values, got (nan|inf) at \(2, 1\)"):
            layer(torch.zeros(T, B, I))
