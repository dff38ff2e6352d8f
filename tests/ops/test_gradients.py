"""The gradients derived in docs/math, written out by hand and held against autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from elman.ops import Call, recurrence
from elman.ops.reference import NORM_EPS
from tests.ops.calls import OPTIONS, gradients, random_call, run_on

SETS = ["plain", "zoneout_mask", "recurrent_mask", "layer_norm", "projection", "lengths"]


class Normed:
    """docs/math/index.md, layer norm: forward and pull-back; the identity without a gain."""

    def __init__(self, a: Tensor, gain: Tensor | None) -> None:
        self.gain = gain
        self.spread = (a.var(-1, correction=0, keepdim=True) + NORM_EPS).sqrt()
        self.y = (a - a.mean(-1, keepdim=True)) / self.spread
        self.value = a if gain is None else gain * self.y

    def pull(self, bar: Tensor) -> Tensor:
        if self.gain is None:
            return bar
        bar = self.gain * bar
        inner = bar - bar.mean(-1, keepdim=True) - self.y * (bar * self.y).mean(-1, keepdim=True)
        return inner / self.spread


def by_hand(call: Call, output_bar: Tensor, state_bar: list[Tensor]) -> dict[str, Tensor]:
    """Backpropagate through time with the formulas of docs/math, one page per cell."""
    w, x = call.weights, call.x
    steps, batch, _ = x.shape
    hidden, gates = w.weight_hh.shape[0] // len(call.spec.gates), len(call.spec.gates)
    mask = torch.ones(1) if call.recurrent_mask is None else call.recurrent_mask
    zero = torch.zeros((), dtype=x.dtype)
    k_of = [
        [zero if not call.zoneout or z is None else z[t] for t in range(steps)]
        for z in (call.zoneout or (None,) * len(call.state))
    ]
    names = [n for n in w._fields if getattr(w, n) is not None]
    bars = {n: torch.zeros_like(getattr(w, n)) for n in names} | {"x": torch.zeros_like(x)}
    lengths = torch.full((batch,), steps) if call.lengths is None else call.lengths

    # forward, keeping what the pages say must be kept
    state, kept = [s.clone() for s in call.state], []
    for t in range(steps):
        seen = mask * state[0]
        u_norm, v_norm = (
            Normed(x[t] @ w.weight_ih.T, w.norm_ih),
            Normed(seen @ w.weight_hh.T, w.norm_hh),
        )
        u = (u_norm.value + w.bias_ih).chunk(gates, -1)
        v = (v_norm.value + w.bias_hh).chunk(gates, -1)
        before = list(state)
        if call.spec.name == "lstm":
            i, f, o = ((u[k] + v[k]).sigmoid() for k in (0, 1, 3))
            g = (u[2] + v[2]).tanh()
            c = f * before[1] + i * g
            c_norm = Normed(c, w.norm_c)
            shift = zero if w.norm_c_bias is None else w.norm_c_bias
            q = (c_norm.value + shift).tanh()
            y = o * q
            new = [y if w.weight_hr is None else y @ w.weight_hr.T, c]
            inner = (i, f, g, o, q, y, c_norm)
        elif call.spec.name == "gru":
            r, z = (u[0] + v[0]).sigmoid(), (u[1] + v[1]).sigmoid()
            n = (u[2] + r * v[2]).tanh()
            new, inner = [(1 - z) * n + z * before[0]], (r, z, n, v[2])
        else:
            squash = torch.tanh if call.spec.name == "rnn_tanh" else torch.relu
            n = squash(u[0] + v[0])
            new, inner = [n], (n,)
        new = [k[t] * old + (1 - k[t]) * s for k, old, s in zip(k_of, before, new, strict=True)]
        valid = (t < lengths).unsqueeze(-1)
        state = [torch.where(valid, s, old) for s, old in zip(new, before, strict=True)]
        kept.append((before, seen, u_norm, v_norm, inner, valid))

    # backward
    carry = [s.clone() for s in state_bar]
    for t in reversed(range(steps)):
        before, seen, u_norm, v_norm, inner, valid = kept[t]
        full = [carry[0] + output_bar[t], *carry[1:]]
        stay = [torch.where(valid, k[t] * s, 0.0) for k, s in zip(k_of, full, strict=True)]
        tilde = [torch.where(valid, (1 - k[t]) * s, 0.0) for k, s in zip(k_of, full, strict=True)]
        if call.spec.name == "lstm":
            i, f, g, o, q, y, c_norm = inner
            y_bar = tilde[0]
            if w.weight_hr is not None:
                bars["weight_hr"] += tilde[0].T @ y
                y_bar = tilde[0] @ w.weight_hr
            e_bar = y_bar * o * (1 - q * q)
            if w.norm_c is not None:
                bars["norm_c"] += (e_bar * c_norm.y).sum(0)
                bars["norm_c_bias"] += e_bar.sum(0)
            c_bar = tilde[1] + c_norm.pull(e_bar)
            a_bar = torch.cat(
                [
                    c_bar * g * i * (1 - i),
                    c_bar * before[1] * f * (1 - f),
                    c_bar * i * (1 - g * g),
                    y_bar * q * o * (1 - o),
                ],
                -1,
            )
            u_bar, v_bar = a_bar, a_bar
            stay[1] = stay[1] + f * c_bar
        elif call.spec.name == "gru":
            r, z, n, v_n = inner
            n_bar = tilde[0] * (1 - z) * (1 - n * n)
            z_bar = tilde[0] * (before[0] - n) * z * (1 - z)
            r_bar = n_bar * v_n * r * (1 - r)
            u_bar = torch.cat([r_bar, z_bar, n_bar], -1)
            v_bar = torch.cat([r_bar, z_bar, r * n_bar], -1)
            stay[0] = stay[0] + z * tilde[0]
        else:
            (n,) = inner
            slope = 1 - n * n if call.spec.name == "rnn_tanh" else (n > 0).to(n.dtype)
            u_bar = v_bar = tilde[0] * slope
        bars["bias_ih"] += u_bar.sum(0)
        bars["bias_hh"] += v_bar.sum(0)
        if w.norm_ih is not None:
            bars["norm_ih"] += (u_bar * u_norm.y).sum(0)
            bars["norm_hh"] += (v_bar * v_norm.y).sum(0)
        u_bar, v_bar = u_norm.pull(u_bar), v_norm.pull(v_bar)
        bars["weight_ih"] += u_bar.T @ x[t]
        bars["weight_hh"] += v_bar.T @ seen
        bars["x"][t] = u_bar @ w.weight_ih
        passed = [torch.where(valid, 0.0, s) for s in carry]
        carry = [s + p for s, p in zip(stay, passed, strict=True)]
        carry[0] = carry[0] + mask * (v_bar @ w.weight_hh)
    assert hidden == w.weight_ih.shape[0] // gates
    return bars | dict(zip(call.spec.state, carry, strict=True))


@pytest.mark.parametrize("options", SETS)
@pytest.mark.parametrize("cell", ["rnn_tanh", "rnn_relu", "lstm", "gru"])
def test_the_pages_are_right(cell: str, options: str) -> None:
    call = random_call(cell, OPTIONS[options], T=6, grad=True)
    _, expected = gradients(call, run_on("reference"))
    rng = torch.Generator().manual_seed(1)  # the cotangents that `gradients` draws
    with torch.no_grad():
        result = recurrence(call, backend="reference")
        bars = [
            torch.randn(v.shape, dtype=torch.float64, generator=rng)
            for v in (result.output, *result.state)
        ]
        got = by_hand(call, bars[0], bars[1:])
    assert set(got) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(got[name], value, rtol=1e-10, atol=1e-10)
