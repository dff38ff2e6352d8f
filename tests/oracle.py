"""The cells in NumPy float64, written from the papers: the top rung of the oracle ladder.

Shares no code and no structure with elman: one row at a time, one gate at a time. A row is cut
to its length and at its resets before anything runs, so neither needs a rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Vectors = dict[str, Array]


def sigmoid(a: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-a))


def normalised(a: Array) -> Array:
    """Ba, Kiros & Hinton 2016, equation 3, with the usual 1e-5 under the root."""
    return (a - a.mean()) / np.sqrt(((a - a.mean()) ** 2).mean() + 1e-5)


def products(p: Vectors, x: Array, h: Array, gates: int) -> tuple[list[Array], list[Array]]:
    """What enters each gate from the input and from the memory."""
    from_x, from_h = p["weight_ih"] @ x, p["weight_hh"] @ h
    if "norm_ih" in p:
        from_x, from_h = p["norm_ih"] * normalised(from_x), p["norm_hh"] * normalised(from_h)
    if "bias_ih" in p:
        from_x, from_h = from_x + p["bias_ih"], from_h + p["bias_hh"]
    return np.split(from_x, gates), np.split(from_h, gates)


def elman(squash: Callable[[Array], Array]) -> Callable[..., tuple[Vectors, Vectors]]:
    """Elman 1990."""

    def step(p: Vectors, x: Array, seen: Array, state: Vectors) -> tuple[Vectors, Vectors]:
        (x_n,), (h_n,) = products(p, x, seen, 1)
        h = squash(x_n + h_n)
        return {"h": h}, {"n": h}

    return step


def lstm(p: Vectors, x: Array, seen: Array, state: Vectors) -> tuple[Vectors, Vectors]:
    """Gers, Schmidhuber & Cummins 2000 without peepholes; projection Sak et al. 2014."""
    (xi, xf, xg, xo), (hi, hf, hg, ho) = products(p, x, seen, 4)
    write, keep, show = sigmoid(xi + hi), sigmoid(xf + hf), sigmoid(xo + ho)
    candidate = np.tanh(xg + hg)
    c = keep * state["c"] + write * candidate
    memory = c
    if "norm_c" in p:
        memory = p["norm_c"] * normalised(c) + p.get("norm_c_bias", 0.0)
    h = show * np.tanh(memory)
    if "weight_hr" in p:
        h = p["weight_hr"] @ h
    return {"h": h, "c": c}, {"i": write, "f": keep, "g": candidate, "o": show}


def gru(p: Vectors, x: Array, seen: Array, state: Vectors) -> tuple[Vectors, Vectors]:
    """Cho et al. 2014 with the reset after the product (cuDNN's variant); z keeps."""
    (xr, xz, xn), (hr, hz, hn) = products(p, x, seen, 3)
    r = sigmoid(xr + hr)
    z = sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return {"h": n + z * (state["h"] - n)}, {"r": r, "z": z, "n": n}


STEPS: dict[str, Callable[..., tuple[Vectors, Vectors]]] = {
    "rnn_tanh": elman(np.tanh),
    "rnn_relu": elman(lambda a: np.maximum(a, 0.0)),
    "lstm": lstm,
    "gru": gru,
}


@dataclass
class Run:
    """What came out: arrays over (T, B, .), and the final state over (B, .).

    Beyond a row's length states stay what they were last, and gates are NaN: they mean nothing.
    """

    output: Array
    final: Vectors
    gates: Vectors = field(default_factory=dict)
    states: Vectors = field(default_factory=dict)


def run(
    cell: str,
    p: Vectors,
    x: Array,
    state: Vectors,
    *,
    lengths: NDArray[np.int64] | None = None,
    reset: NDArray[np.bool_] | None = None,
    recurrent_mask: Array | None = None,
    zoneout: dict[str, Array] | None = None,
    reverse: bool = False,
) -> Run:
    """Run a batch; zoneout is indexed by the order in which steps are run."""
    steps, batch = x.shape[:2]
    out = Run(
        np.zeros((steps, batch, state["h"].shape[1])), {k: v.copy() for k, v in state.items()}
    )
    for b in range(batch):
        length = steps if lengths is None else int(lengths[b])
        cuts = [t for t in range(length) if reset is not None and reset[t, b]]
        order = [*range(length)]
        fresh_at = set(cuts)
        if reverse:
            order.reverse()
            fresh_at = {t - 1 for t in cuts}
        now = {k: v[b] for k, v in state.items()}
        for done, t in enumerate(order):
            if t in fresh_at:
                now = {k: np.zeros_like(v) for k, v in now.items()}
            seen = now["h"] if recurrent_mask is None else now["h"] * recurrent_mask[b]
            new, gates = STEPS[cell](p, x[t, b], seen, now)
            for k, stay in (zoneout or {}).items():
                new[k] = stay[done, b] * now[k] + (1.0 - stay[done, b]) * new[k]
            now = new
            out.output[t, b] = now["h"]
            for store, values in ((out.gates, gates), (out.states, now)):
                for k, v in values.items():
                    store.setdefault(k, np.full((steps, batch, v.size), np.nan))[t, b] = v
        for k, v in now.items():
            out.final[k][b] = v
            held = out.states.setdefault(k, np.full((steps, batch, v.size), np.nan))
            held[length:, b] = v
    return out
