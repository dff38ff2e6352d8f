"""What a stepper is made of: plain arrays with the names of torch, checked once.

Nothing here computes a step. `plain.py` and `native.py` do, from a `Network` that has been
through `checked`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError, DataError, DtypeError, ShapeError, UnknownName, did_you_mean
from elman._shapes import check_shape

__all__ = ["CELLS", "AdaptiveHead", "LayerWeights", "LinearHead", "Network", "layer_weights"]

Array = NDArray[Any]

CELLS = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
"""The cells that can be stepped, and how many gates each has."""


@dataclass(frozen=True)
class LayerWeights:
    """Parameters of one layer; ``R`` is P with a projection, else H.

    Args:
        cell: A name in `CELLS`.
        weight_ih: ``(G*H, I)``, gates packed as in torch: LSTM ``i f g o``, GRU ``r z n``.
        weight_hh: ``(G*H, R)``.
        bias_ih: ``(G*H,)`` or ``None``.
        bias_hh: ``(G*H,)`` or ``None``.
        weight_hr: ``(P, H)``, the projection of an LSTM's ``h``, or ``None``.
        norm_ih: ``(G*H,)``, layer-norm gain of the input's product, or ``None``.
        norm_hh: ``(G*H,)``, layer-norm gain of the memory's product, or ``None``.
        norm_c: ``(H,)``, layer-norm gain of an LSTM's ``c``, or ``None``.
        norm_c_bias: ``(H,)``, layer-norm shift of an LSTM's ``c``, or ``None``.
        zoneout: Fraction of the old state that stays, the expectation of zoneout; a pair is for
            ``h`` and for ``c``.
    """

    cell: str
    weight_ih: Array
    weight_hh: Array
    bias_ih: Array | None = None
    bias_hh: Array | None = None
    weight_hr: Array | None = None
    norm_ih: Array | None = None
    norm_hh: Array | None = None
    norm_c: Array | None = None
    norm_c_bias: Array | None = None
    zoneout: float | tuple[float, float] = 0.0

    @property
    def gates(self) -> int:
        """G."""
        return CELLS[self.cell]

    @property
    def hidden_size(self) -> int:
        """H."""
        return int(self.weight_hh.shape[0]) // self.gates

    @property
    def output_size(self) -> int:
        """R: features of ``h``."""
        return int(self.weight_hh.shape[1])

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Features of ``h``, and of ``c`` where the cell has one."""
        c = (self.hidden_size,) if self.cell == "lstm" else ()
        return (self.output_size, *c)

    @property
    def zone(self) -> tuple[float, float]:
        """The fraction that stays, of ``h`` and of ``c``."""
        return self.zoneout if isinstance(self.zoneout, tuple) else (self.zoneout, self.zoneout)


@dataclass(frozen=True)
class LinearHead:
    """Logits ``weight @ h + bias``: weight ``(V, R)``, bias ``(V,)`` or ``None``."""

    weight: Array
    bias: Array | None = None


@dataclass(frozen=True)
class AdaptiveHead:
    """The adaptive softmax of `torch.nn.AdaptiveLogSoftmaxWithLoss`; its logits sum to one.

    Args:
        weight: ``(first + clusters, R)``: the frequent tokens, then one row for each cluster.
        tails: For each cluster, ``(width, R)`` and ``(tokens, width)``.
    """

    weight: Array
    tails: tuple[tuple[Array, Array], ...]


@dataclass(frozen=True)
class Network:
    """Layers, one above the other, with an embedding below and a head above where there are.

    Args:
        layers: The lowest first.
        embedding: ``(V, E)``; with it a step takes token ids, without it features.
        head: What makes logits of the last layer's output; ``None`` leaves the output as it is.
    """

    layers: tuple[LayerWeights, ...]
    embedding: Array | None = None
    head: LinearHead | AdaptiveHead | None = None

    @property
    def input_size(self) -> int:
        """I: features that enter the first layer."""
        return int(self.layers[0].weight_ih.shape[1])

    def checked(self, dtype: np.dtype[Any]) -> Network:
        """Return the network with every array dense, finite and of one dtype.

        Raises:
            ConfigError: If there is no layer, or an option is out of range.
            UnknownName: If there is no such cell.
            ShapeError: At the first array of a wrong shape.
            DtypeError: At the first array that holds no floating-point numbers.
            DataError: At the first array with a NaN or an infinity.
        """
        if not self.layers:
            raise ConfigError("layers: expected at least one, got none")
        embedding = dense("embedding", self.embedding, dtype)
        features: int | None = None
        if embedding is not None:
            check_shape("embedding", embedding, V=None, E=None)
            features = int(embedding.shape[1])
        layers: list[LayerWeights] = []
        for k, layer in enumerate(self.layers):
            layers.append(checked_layer(f"layer {k}: ", layer, features, dtype))
            features = layers[-1].output_size
        head = checked_head(self.head, layers[-1].output_size, dtype)
        return Network(tuple(layers), embedding, head)


def dense(name: str, array: Any, dtype: np.dtype[Any]) -> Any:
    """Return an array row-major and in ``dtype``, None for None; NaN and infinity are refused."""
    if array is None:
        return None
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        came = getattr(array, "dtype", type(array).__name__)
        raise DtypeError(f"{name}: expected a NumPy array of floating-point numbers, got {came}")
    if 0 in array.shape:
        raise ShapeError(f"{name}: expected no dimension of size 0, got {array.shape}")
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(array, dtype)
    if not np.isfinite(values).all():
        raise DataError(
            f"{name}: holds NaN or infinity in {dtype}; the training that wrote it diverged, or "
            "the file is damaged"
        )
    return values


def checked_layer(
    where: str, layer: LayerWeights, inputs: int | None, dtype: np.dtype[Any]
) -> LayerWeights:
    """Return a layer with all arrays checked against one another."""
    if layer.cell not in CELLS:
        raise UnknownName(
            f"{where}unknown cell '{layer.cell}'{did_you_mean(layer.cell, CELLS) or '.'} "
            f"Known: {', '.join(CELLS)}"
        )
    arrays = {
        f.name: dense(where + f.name, getattr(layer, f.name), dtype)
        for f in fields(layer)
        if f.name not in ("cell", "zoneout")
    }
    for name in ("weight_ih", "weight_hh"):
        if arrays[name] is None:
            raise ShapeError(f"{where}{name}: is missing")
        check_shape(where + name, arrays[name], **{"G*H": None, "I" if "ih" in name else "R": None})
    gates = CELLS[layer.cell]
    packed = int(arrays["weight_hh"].shape[0])
    if packed % gates:
        raise ShapeError(
            f"{where}weight_hh: {packed} rows do not divide into the {gates} gates of {layer.cell}"
        )
    hidden, shown = packed // gates, int(arrays["weight_hh"].shape[1])
    projected = arrays["weight_hr"] is not None
    if projected and layer.cell != "lstm":
        raise ShapeError(f"{where}weight_hr: only an lstm has a projection, not a {layer.cell}")
    if not projected and shown != hidden:
        raise ShapeError(f"{where}weight_hh: expected (G*H={packed}, R={hidden}), got "
                         f"{arrays['weight_hh'].shape}")  # fmt: skip
    expected: dict[str, dict[str, int | None]] = {
        "weight_ih": {"G*H": packed, "I": inputs},
        "weight_hr": {"P": shown, "H": hidden},
        **{name: {"G*H": packed} for name in ("bias_ih", "bias_hh", "norm_ih", "norm_hh")},
        "norm_c": {"H": hidden},
        "norm_c_bias": {"H": hidden},
    }
    for name, shape in expected.items():
        if arrays[name] is not None:
            check_shape(where + name, arrays[name], **shape)
    if (arrays["norm_ih"] is None) != (arrays["norm_hh"] is None):
        raise ShapeError(f"{where}norm_ih, norm_hh: expected both or neither")
    if arrays["norm_c"] is not None and (layer.cell != "lstm" or arrays["norm_hh"] is None):
        raise ShapeError(f"{where}norm_c: belongs to an lstm with norm_ih and norm_hh alone")
    if arrays["norm_c_bias"] is not None and arrays["norm_c"] is None:
        raise ShapeError(f"{where}norm_c_bias: a shift needs norm_c, its gain")
    if not all(isinstance(z, int | float) and 0.0 <= z < 1.0 for z in layer.zone):
        raise ConfigError(f"{where}zoneout: expected rates from 0 to below 1, got {layer.zoneout}")
    return replace(layer, **arrays)


def checked_head(
    head: LinearHead | AdaptiveHead | None, features: int, dtype: np.dtype[Any]
) -> LinearHead | AdaptiveHead | None:
    """Return a head with its arrays checked against the features that it gets."""
    if head is None:
        return None
    weight = dense("head weight", head.weight, dtype)
    check_shape("head weight", weight, V=None, R=features)
    if isinstance(head, LinearHead):
        bias = dense("head bias", head.bias, dtype)
        if bias is not None:
            check_shape("head bias", bias, V=int(weight.shape[0]))
        return LinearHead(weight, bias)
    tails = []
    for k, pair in enumerate(head.tails):
        narrow, wide = (dense(f"head tail {k}", part, dtype) for part in pair)
        check_shape(f"head tail {k}", narrow, width=None, R=features)
        check_shape(f"head tail {k}", wide, tokens=None, width=int(narrow.shape[0]))
        tails.append((narrow, wide))
    if not 0 < len(tails) < weight.shape[0]:
        raise ShapeError(f"head: {len(tails)} tails do not fit a head of {weight.shape[0]} rows")
    return AdaptiveHead(weight, tuple(tails))


def layer_weights(
    cell: str,
    arrays: Mapping[str, Array],
    prefix: str = "",
    *,
    zoneout: float | tuple[float, float] = 0.0,
) -> list[LayerWeights]:
    """Return the layers of a state dict: ``weight_ih_l0``, ``weight_hh_l0``, ``weight_ih_l1`` ...

    Args:
        cell: A name in `CELLS`.
        arrays: Name to array.
        prefix: What the names of these layers begin with.
        zoneout: See `LayerWeights`.

    Raises:
        ConfigError: If a layer runs backwards, or there is none.

    Example:
        >>> dict_of = {"weight_ih_l0": np.ones((4, 3)), "weight_hh_l0": np.ones((4, 4))}
        >>> [layer.hidden_size for layer in layer_weights("rnn_tanh", dict_of)]
        [4]
    """
    known = [f.name for f in fields(LayerWeights) if f.name not in ("cell", "zoneout")]
    layers: list[LayerWeights] = []
    while f"{prefix}weight_hh_l{len(layers)}" in arrays:
        suffix = f"_l{len(layers)}"
        if f"{prefix}weight_hh{suffix}_reverse" in arrays:
            raise ConfigError(
                f"{prefix}weight_hh{suffix}_reverse: a layer that reads from the end cannot be "
                "stepped; run it whole with elman.nn"
            )
        found = {name: arrays.get(prefix + name + suffix) for name in known}
        layers.append(LayerWeights(cell, zoneout=zoneout, **found))  # type: ignore[arg-type]
    if not layers:
        raise ConfigError(f"{prefix}weight_hh_l0: is missing, so there is no layer to step")
    return layers
