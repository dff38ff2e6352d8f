"""Arrays that do not make a network are refused in one line that names them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from elman._errors import ConfigError, DataError, DtypeError, ShapeError, UnknownName
from elman.runtime import AdaptiveHead, LayerWeights, LinearHead, Network, layer_weights

F32 = np.dtype(np.float32)
GOOD = LayerWeights(
    "lstm",
    np.ones((8, 3)),
    np.ones((8, 2)),
    np.ones(8),
    np.ones(8),
    norm_ih=np.ones(8),
    norm_hh=np.ones(8),
    norm_c=np.ones(2),
    norm_c_bias=np.ones(2),
)


def test_arrays_come_out_dense_and_of_one_dtype() -> None:
    strided = replace(GOOD, weight_ih=np.ones((3, 8)).T)
    layer = Network((strided,)).checked(F32).layers[0]
    assert layer.weight_ih.flags.c_contiguous and layer.norm_c is not None
    assert {a.dtype for a in (layer.weight_ih, layer.bias_ih, layer.norm_c)} == {F32}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"cell": "ltsm"}, UnknownName, "layer 0: unknown cell 'ltsm'; did you mean 'lstm'"),
        ({"weight_ih": np.ones((7, 3))}, ShapeError, r"weight_ih: expected \(G\*H=8, I\), got"),
        ({"weight_hh": np.ones((8, 3))}, ShapeError, r"weight_hh: expected \(G\*H=8, R=2\)"),
        ({"weight_hh": np.ones((7, 2))}, ShapeError, "7 rows do not divide into the 4 gates"),
        ({"weight_hh": np.ones(8)}, ShapeError, r"weight_hh: expected \(G\*H, R\), got \(8,\)"),
        ({"weight_hh": None}, ShapeError, "weight_hh: is missing"),
        ({"weight_ih": np.ones((8, 0))}, ShapeError, "no dimension of size 0"),
        ({"bias_ih": np.ones(7)}, ShapeError, r"bias_ih: expected \(G\*H=8\), got \(7,\)"),
        ({"weight_hr": np.ones((3, 2))}, ShapeError, r"weight_hr: expected \(P=2, H=2\)"),
        ({"norm_ih": None}, ShapeError, "norm_ih, norm_hh: expected both or neither"),
        ({"norm_ih": None, "norm_hh": None}, ShapeError, "norm_c: belongs to an lstm"),
        ({"norm_c": None}, ShapeError, "a shift needs norm_c"),
        ({"weight_ih": [[1.0]]}, DtypeError, "weight_ih: expected a NumPy array of floating"),
        ({"weight_ih": np.ones((8, 3), int)}, DtypeError, "got int64"),
        ({"bias_hh": np.full(8, np.nan)}, DataError, "layer 0: bias_hh: holds NaN or infinity"),
        ({"bias_hh": np.full(8, np.inf)}, DataError, "bias_hh: holds NaN or infinity"),
        ({"bias_hh": np.full(8, 1e300)}, DataError, "infinity in float32"),
        ({"zoneout": 1.0}, ConfigError, "zoneout: expected rates from 0 to below 1"),
        ({"zoneout": (0.1, -0.1)}, ConfigError, "zoneout: expected rates"),
    ],
)
def test_layers_that_do_not_fit(changes: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        Network((replace(GOOD, **changes),)).checked(F32)


def test_only_an_lstm_is_projected() -> None:
    gru = LayerWeights("gru", np.ones((6, 3)), np.ones((6, 1)), weight_hr=np.ones((1, 2)))
    with pytest.raises(ShapeError, match="only an lstm has a projection, not a gru"):
        Network((gru,)).checked(F32)


def test_parts_that_do_not_fit_each_other() -> None:
    second = LayerWeights("rnn_tanh", np.ones((4, 5)), np.ones((4, 4)))
    with pytest.raises(ShapeError, match=r"layer 1: weight_ih: expected \(G\*H=4, I=2\)"):
        Network((GOOD, second)).checked(F32)
    with pytest.raises(ConfigError, match="at least one"):
        Network(()).checked(F32)
    with pytest.raises(ShapeError, match=r"layer 0: weight_ih: expected \(G\*H=8, I=4\)"):
        Network((GOOD,), embedding=np.ones((9, 4))).checked(F32)
    for head, message in (
        (LinearHead(np.ones((9, 3))), r"head weight: expected \(V, R=2\), got \(9, 3\)"),
        (LinearHead(np.ones((9, 2)), np.ones(8)), r"head bias: expected \(V=9\)"),
        (AdaptiveHead(np.ones((1, 2)), ((np.ones((1, 2)), np.ones((3, 1))),)), "1 tails"),
        (AdaptiveHead(np.ones((3, 2)), ((np.ones((1, 3)), np.ones((3, 1))),)), "head tail 0"),
        (AdaptiveHead(np.ones((3, 2)), ((np.ones((1, 2)), np.ones((3, 2))),)), "head tail 0"),
    ):
        with pytest.raises(ShapeError, match=message):
            Network((GOOD,), head=head).checked(F32)


def test_state_dicts() -> None:
    arrays = {
        "body.weight_ih_l0": np.ones((3, 2)),
        "body.weight_hh_l0": np.ones((3, 1)),
        "body.weight_ih_l1": np.ones((3, 1)),
        "body.weight_hh_l1": np.ones((3, 1)),
        "body.bias_ih_l1": np.ones(3),
        "body.bias_hh_l1": np.ones(3),
    }
    first, second = layer_weights("gru", arrays, "body.", zoneout=0.1)
    assert first.bias_ih is None and second.bias_ih is arrays["body.bias_ih_l1"]
    assert second.zone == (0.1, 0.1)
    with pytest.raises(ConfigError, match="weight_hh_l0: is missing"):
        layer_weights("gru", arrays)
    arrays["body.weight_hh_l1_reverse"] = np.ones((3, 1))
    with pytest.raises(ConfigError, match="reads from the end cannot be stepped"):
        layer_weights("gru", arrays, "body.")
