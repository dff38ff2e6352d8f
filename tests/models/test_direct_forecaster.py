"""The direct forecaster against one written out in NumPy, and its stream against its window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from elman.models.forecaster import Features, Forecaster, Memory, Window
from tests.models.forecasts import FULL, forecaster, window

Array = NDArray[np.float64]
STREAM: dict[str, Any] = {"segment": 1, "horizon_segment": 4, "lags": [3, 7], "residual": True}


def gru(model: Forecaster, x: Array, h: Array) -> Array:
    """One step of a GRU, as the paper of the gates has it: z keeps."""
    own = {n: p.detach().numpy() for n, p in model.body.layers.layers[0].named_parameters()}
    a = own["weight_ih_l0"] @ x + own["bias_ih_l0"]
    b = own["weight_hh_l0"] @ h + own["bias_hh_l0"]
    size = len(h)
    r, z = (1 / (1 + np.exp(-(a + b)[k * size : (k + 1) * size])) for k in (0, 1))
    n = np.tanh(a[2 * size :] + r * b[2 * size :])
    return np.asarray((1 - z) * n + z * h)


def by_hand(model: Any, some: Window, series: int, target: int, horizon: int) -> Array:
    """Forecast one target of one series, segment by segment; without gaps."""
    config, w = model.config, model.config.segment
    y = some.y[series, :, target].numpy()
    scale = math.hypot(y.std(), 0.01 * np.abs(y).mean() + 1e-6)
    z = (y - y.mean()) / scale
    known, past = some.known[series].numpy(), some.past[series].numpy()
    rows = [[z[t], 0.0, *known[t], *past[t]] for t in range(len(z))]
    rows = [[0.0] * len(rows[0])] * (-len(rows) % w) + rows
    weights = {n: p.detach().numpy() for n, p in model.named_parameters()}
    words = [weights[f"words.{k}.weight"][some.categories[series, k]] for k in range(2)]
    about = weights["about.weight"] @ np.concatenate([*words, some.numbers[series].numpy()])
    h = np.zeros(config.hidden_size)
    for begin in range(0, len(rows), w):
        x = weights["embedding.weight"] @ np.concatenate(rows[begin : begin + w])
        h = gru(model, np.maximum(x + weights["embedding.bias"] + about, 0), h)
    told: list[float] = []
    for segment in range(-(-horizon // w)):
        future = np.zeros((w, len(known[0]) + 2 * len(config.lags)))
        for k in range(w):
            ahead = segment * w + k
            if ahead < horizon:
                back = [ahead - lag * (ahead // lag + 1) for lag in config.lags]
                future[k] = [*known[len(z) + ahead], *(v for b in back for v in (z[b], 0.0))]
        x = np.concatenate([weights["place"][segment], weights["which"][target]])
        x = x + weights["future.weight"] @ future.reshape(-1) + about
        out = weights["output.weight"] @ gru(model, x, h) + weights["output.bias"]
        told += [out[k] * scale + y.mean() for k in range(w)]
    return np.array(told[:horizon])


@pytest.mark.parametrize(("steps", "horizon"), [(12, 8), (13, 6), (9, 3), (4, 1)])
def test_it_is_what_it_says(steps: int, horizon: int) -> None:
    model = forecaster(
        FULL,
        horizon,
        segment=min(4, horizon),
        head="point",
        lags=[2, 3],
        norm="standard",
        residual=False,
    )
    some, _, _ = window(FULL, steps, horizon, gaps=False)
    found = model.forecast(some).mean.detach().numpy()
    for series in range(3):
        for target in range(2):
            expected = by_hand(model, some, series, target, horizon)
            np.testing.assert_allclose(found[series, :, target], expected, rtol=1e-9)


def test_a_residual_is_added_to_the_value_one_lag_ago() -> None:
    model = forecaster(Features(), 7, segment=3, head="point", lags=[3, 5], residual=True)
    torch.nn.init.zeros_(model.output.weight)
    torch.nn.init.zeros_(model.output.bias)
    some, _, _ = window(Features(), 9, 7, gaps=False)
    back = [9 - 5 + k % 5 for k in range(7)]
    torch.testing.assert_close(model.forecast(some).mean, some.y[:, back])


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_gradients(cell: str) -> None:
    model = forecaster(FULL, 3, segment=2, cell=cell, hidden_size=3)
    some, y, observed = window(FULL, 5, 3, batch=2)

    def loss(values: torch.Tensor) -> torch.Tensor:
        return model.loss(some._replace(y=values), y, observed)[0]

    assert torch.autograd.gradcheck(loss, some.y.clone().requires_grad_())


def streamed(model: Forecaster, some: Window, steps: int, memory: Memory, begin: int = 0) -> Memory:
    about = model.static(some.categories, some.numbers)
    for t in range(begin, steps):
        memory = model.observe(
            memory, some.y[:, t], some.observed[:, t], some.known[:, t], some.past[:, t], about
        )
    return memory


@pytest.mark.parametrize(
    ("norm", "steps"), [("running_standard", 10_000), ("running_mean", 500), ("none", 500)]
)
def test_a_stream_is_reading_it_all(norm: str, steps: int) -> None:
    horizon = 6
    model = forecaster(FULL, horizon, norm=norm, **STREAM).float()
    some, _, _ = window(FULL, steps, horizon, batch=1)
    some = Window(*(p.float() if p.is_floating_point() else p for p in some))
    about = model.static(some.categories, some.numbers)
    with torch.inference_mode():
        memory = streamed(model, some, steps, model.start(1))
        told = model.ahead(memory, some.known[:, steps:], about, (0.1, 0.9))
        again = model.forecast(some, (0.1, 0.9))
    scale = float(model.norm.statistics(memory.norm)[1].max())
    for one, other in zip(told, again, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5 * scale)
    assert memory.recent.shape == model.start(1).recent.shape


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 99))
def test_reading_some_and_streaming_the_rest(first: int, rest: int, seed: int) -> None:
    model = forecaster(FULL, 4, norm="running_standard", **STREAM)
    some, _, _ = window(FULL, first + rest, 4, seed=seed)
    part = some._replace(
        y=some.y[:, :first],
        observed=some.observed[:, :first],
        past=some.past[:, :first],
        known=some.known[:, : first + 4],
        lengths=torch.full((3,), first),
    )
    memory = streamed(model, some, first + rest, model.read(part), first)
    told = model.ahead(memory, some.known[:, -4:], model.static(some.categories, some.numbers))
    torch.testing.assert_close(told.mean, model.forecast(some).mean, rtol=1e-9, atol=1e-9)
