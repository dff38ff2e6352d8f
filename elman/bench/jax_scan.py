"""The same layers as one writes them in JAX: the input's product first, then `jax.lax.scan`.

XLA takes as many threads as the process may use cores when its client starts; `cores.py` keeps
the process to the cores of a row.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from elman.bench.problem import LayerProblem, Mode
from elman.bench.turns import Run

__all__ = ["jax_layer", "start"]


def start() -> Any:
    """Import JAX and start XLA for the CPU on the cores that are allowed now."""
    jax: Any = importlib.import_module("jax")
    jax.config.update("jax_platforms", "cpu")
    jax.devices()
    return jax


def jax_layer(problem: LayerProblem, mode: Mode) -> Run:
    """Return a compiled call; like the others it gives the output, or all gradients."""
    jax = start()
    params = [jax.numpy.asarray(value.numpy()) for value in problem.weights.values()]
    x = jax.numpy.asarray(problem.x.numpy())
    d_output = jax.numpy.asarray(problem.d_output.numpy())

    def forward(x: Any, params: Sequence[Any]) -> Any:
        return over_time(jax, problem.cell, x, params)

    def backward(x: Any, params: Sequence[Any], d_output: Any) -> Any:
        _, pull = jax.vjp(forward, x, params)
        d_x, d_params = pull(d_output)
        return [d_x, *d_params]

    if mode == "train":
        trained = jax.jit(backward)
        return lambda: jax.block_until_ready(trained(x, params, d_output))
    run = jax.jit(forward)
    return lambda: [run(x, params).block_until_ready()]


def over_time(jax: Any, cell: str, x: Any, params: Sequence[Any]) -> Any:
    """Run a layer from the zero state: ``(T, B, I) -> (T, B, H)``."""
    np, sigmoid = jax.numpy, jax.nn.sigmoid
    weight_ih, weight_hh, bias_ih, bias_hh = params
    gates_x = x @ weight_ih.T + bias_ih  # (T, B, G*H)
    zero = np.zeros((x.shape[1], weight_hh.shape[1]), x.dtype)

    def rnn(h: Any, gates: Any) -> Any:
        h = np.tanh(gates + h @ weight_hh.T + bias_hh)
        return h, h

    def gru(h: Any, gates: Any) -> Any:
        x_r, x_z, x_n = np.split(gates, 3, -1)
        h_r, h_z, h_n = np.split(h @ weight_hh.T + bias_hh, 3, -1)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        h = (1 - z) * np.tanh(x_n + r * h_n) + z * h
        return h, h

    def lstm(state: Any, gates: Any) -> Any:
        h, c = state
        i, f, g, o = np.split(gates + h @ weight_hh.T + bias_hh, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return (h, c), h

    steps: dict[str, Any] = {"rnn": rnn, "gru": gru, "lstm": lstm}
    state = (zero, zero) if cell == "lstm" else zero
    return jax.lax.scan(steps[cell], state, gates_x)[1]
