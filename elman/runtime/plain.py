r"""A step in plain NumPy: what the compiled stepper is tested against, and what serves without it.

One layer's step is the cell's equation, as in `elman.ops.steps`, on the products

.. math::
    \text{gates}_x = W_{ih} x + b_{ih} \qquad \text{gates}_h = W_{hh} h + b_{hh}

each layer-normalised before its bias where the layer has gains.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.runtime.network import LayerWeights, LinearHead, Network

__all__ = ["PlainEngine", "to_bf16"]

Array = NDArray[Any]
Parts = tuple[Array, ...]

DONE, MISFIT, BUSY = range(3)
NORM_EPS = 1e-5


def to_bf16(array: Array) -> Array:
    """Round float32 to the nearest bfloat16, ties to even, and widen again.

    Example:
        >>> to_bf16(np.array([1.0, 1.004], np.float32)).tolist()
        [1.0, 1.0078125]
    """
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32).astype(np.uint64)
    bits += 0x7FFF + ((bits >> 16) & 1)
    widened: Array = (bits & 0xFFFF0000).astype(np.uint32).view(np.float32)
    return widened


def sigmoid(a: Array) -> Array:
    """The logistic function, through the exponential of what is not positive."""
    e = np.exp(-np.abs(a))
    value: Array = np.where(a < 0, e, a.dtype.type(1)) / (1 + e)
    return value


def normalised(a: Array, gain: Array | None) -> Array:
    """Layer norm of each row, without a shift; as it is without a gain."""
    if gain is None:
        return a
    centred = a - a.mean(-1, keepdims=True)
    scale = np.sqrt((centred * centred).mean(-1, keepdims=True) + a.dtype.type(NORM_EPS))
    scaled: Array = centred / scale * gain
    return scaled


def elman_tanh(x: list[Array], h: list[Array], old: Parts, norm: Callable[..., Array]) -> Parts:
    """Elman 1990."""
    return (np.tanh(x[0] + h[0]),)


def elman_relu(x: list[Array], h: list[Array], old: Parts, norm: Callable[..., Array]) -> Parts:
    """Elman's step with a rectifier."""
    return (np.maximum(x[0] + h[0], 0),)


def lstm(x: list[Array], h: list[Array], old: Parts, norm: Callable[..., Array]) -> Parts:
    """Hochreiter & Schmidhuber 1997 with a forget gate; ``i f g o``."""
    i, f, o = (sigmoid(x[k] + h[k]) for k in (0, 1, 3))
    c = f * old[1] + i * np.tanh(x[2] + h[2])
    return o * np.tanh(norm(c)), c


def gru(x: list[Array], h: list[Array], old: Parts, norm: Callable[..., Array]) -> Parts:
    """Cho et al. 2014, reset after the product; ``r z n``, z keeps."""
    r, z = sigmoid(x[0] + h[0]), sigmoid(x[1] + h[1])
    n = np.tanh(x[2] + r * h[2])
    return ((1 - z) * n + z * old[0],)


STEPS: dict[str, Callable[..., Parts]] = {
    "rnn_tanh": elman_tanh,
    "rnn_relu": elman_relu,
    "lstm": lstm,
    "gru": gru,
}


def step(layer: LayerWeights, x: Array, old: Parts) -> Parts:
    """One step of one layer: ``x (B, I)`` and ``(h,)`` or ``(h, c)`` to the next."""
    gates = []
    for value, weight, gain, bias in (
        (x, layer.weight_ih, layer.norm_ih, layer.bias_ih),
        (old[0], layer.weight_hh, layer.norm_hh, layer.bias_hh),
    ):
        product = normalised(value @ weight.T, gain)
        gates.append(np.split(product if bias is None else product + bias, layer.gates, -1))

    def memory_norm(c: Array) -> Array:
        shown = normalised(c, layer.norm_c)
        return shown if layer.norm_c_bias is None else shown + layer.norm_c_bias

    new = STEPS[layer.cell](*gates, old, memory_norm)
    if layer.weight_hr is not None:
        new = (new[0] @ layer.weight_hr.T, *new[1:])
    mixed = (z * a + (1 - z) * b if z else b for z, a, b in zip(layer.zone, old, new, strict=False))
    return tuple(mixed)


class PlainEngine:
    """Embedding, layers and head in NumPy, called as the compiled engine is.

    Args:
        network: Checked, all arrays of one dtype.
        batch: Rows, B.
        bf16: Round recurrent weights, projections and the head to bfloat16.
        softmax: Put out probabilities instead of logits.
    """

    def __init__(self, network: Network, batch: int, *, bf16: bool, softmax: bool) -> None:
        self._batch = batch
        self._softmax = softmax
        self._embedding = network.embedding
        self._input_size = network.input_size
        self._layers = [rounded(layer) for layer in network.layers] if bf16 else network.layers
        self._head = network.head if isinstance(network.head, LinearHead) else None
        if self._head is not None and bf16:
            self._head = LinearHead(to_bf16(self._head.weight), self._head.bias)
        self._dtype = network.layers[0].weight_hh.dtype
        self._state = [
            np.zeros((batch, size), self._dtype)
            for layer in network.layers
            for size in layer.state_sizes
        ]
        top = network.layers[-1].output_size if self._head is None else len(self._head.weight)
        self._output = np.zeros((batch, top), self._dtype)
        self._lock = threading.Lock()

    def step(self, x: Any) -> int:
        """One step; see the codes at the top."""
        if not self.enter():
            return BUSY
        try:
            features = self._features(x, (self._batch,))
            if features is None:
                return MISFIT
            self._finish(self._advance(features))
        finally:
            self.leave()
        return DONE

    def feed(self, x: Any) -> int:
        """Several steps: ids ``(B, T)`` or features ``(B, T, I)``."""
        if not self.enter():
            return BUSY
        try:
            steps = x.shape[1] if isinstance(x, np.ndarray) and x.ndim > 1 else 0
            features = self._features(x, (self._batch, steps)) if steps else None
            if features is None:
                return MISFIT
            for t in range(steps):
                top = self._advance(features[:, t])
            self._finish(top)
        finally:
            self.leave()
        return DONE

    def enter(self) -> bool:
        """Keep other threads out; False if one is in."""
        return self._lock.acquire(blocking=False)

    def leave(self) -> None:
        """Let other threads in."""
        self._lock.release()

    def output(self) -> Array:
        """Where the output stands after each step."""
        return self._output

    def state(self) -> list[Array]:
        """Each layer's h, and c where it has one, as they stand in memory."""
        return self._state

    def _features(self, x: Any, shape: tuple[int, ...]) -> Array | None:
        """Return what enters the first layer, or None if the input does not fit."""
        if type(x) is int and self._embedding is not None and shape == (1,):
            x = np.array([x])
        if not isinstance(x, np.ndarray):
            return None
        if self._embedding is None:
            fits = x.dtype == self._dtype and x.shape == (*shape, self._input_size)
            return x if fits else None
        if x.dtype != np.int64 or x.shape != shape:
            return None
        known = bool(((x >= 0) & (x < len(self._embedding))).all())
        return self._embedding[x] if known else None

    def _advance(self, x: Array) -> Array:
        """Move every layer on by one step; return the last one's h."""
        place = 0
        for layer in self._layers:
            parts = self._state[place : place + len(layer.state_sizes)]
            for held, new in zip(parts, step(layer, x, tuple(parts)), strict=True):
                held[...] = new
            place, x = place + len(parts), parts[0]
        return x

    def _finish(self, h: Array) -> None:
        """Turn the last layer's h to the output."""
        if self._head is None:
            self._output[...] = h
            return
        np.matmul(h, self._head.weight.T, out=self._output)
        if self._head.bias is not None:
            self._output += self._head.bias
        if self._softmax:
            self._output -= self._output.max(-1, keepdims=True)
            np.exp(self._output, out=self._output)
            self._output /= self._output.sum(-1, keepdims=True)


def rounded(layer: LayerWeights) -> LayerWeights:
    """Return a layer whose matrices are rounded to bfloat16."""
    projection = None if layer.weight_hr is None else to_bf16(layer.weight_hr)
    return LayerWeights(
        **{
            **vars(layer),
            "weight_ih": to_bf16(layer.weight_ih),
            "weight_hh": to_bf16(layer.weight_hh),
            "weight_hr": projection,
        }
    )
