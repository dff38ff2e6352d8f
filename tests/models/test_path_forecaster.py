"""The autoregressive forecaster: causal, the same as a stream, and paths that feed themselves."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._errors import ConfigError
from elman.models.forecaster import Features, Forecaster, Window
from elman.models.path_forecaster import PathForecaster, shifted
from tests.models.forecasts import FULL, NO_PAST, forecaster, window
from tests.models.test_direct_forecaster import gru, streamed

PATHS: dict[str, Any] = {"mode": "autoregressive", "lags": [2, 5]}


def paths(features: Features = NO_PAST, horizon: int = 4, **keys: Any) -> PathForecaster:
    found: Forecaster = forecaster(features, horizon, **{**PATHS, **keys})
    assert isinstance(found, PathForecaster)
    return found


def test_one_step_written_out() -> None:
    model = paths(Features(known=1), head="point", norm="none", lags=[2])
    some, y, observed = window(Features(known=1), 6, 4, batch=1, gaps=False)
    values = torch.cat([some.y, y], 1)[0, :, 0].numpy()
    weights = {n: p.detach().numpy() for n, p in model.named_parameters()}
    h, errors = torch.zeros(7).double().numpy(), []
    for t in range(10):
        x = [
            values[t - 1] if t else 0.0,
            float(t < 1),
            values[t - 2] if t > 1 else 0.0,
            float(t < 2),
        ]
        h = gru(model, torch.tensor([*x, float(some.known[0, t, 0])]).double().numpy(), h)
        told = float(weights["output.weight"][0] @ h + weights["output.bias"][0])
        errors.append(abs(told - values[t]))
    losses, counted = model.losses(some, y, observed)
    torch.testing.assert_close(losses[0], torch.tensor(errors).double())
    assert counted[0].tolist() == [False] + [True] * 9  # nothing tells of the first


@pytest.mark.parametrize("norm", ["running_standard", "running_mean", "none"])
def test_the_future_never_changes_the_past(norm: str) -> None:
    model = paths(norm=norm, head="normal", residual=True)
    some, y, observed = window(NO_PAST, 30, 4)
    losses, _ = model.losses(some, y, observed)
    for cut in (5, 20):
        changed = some.y.clone()
        changed[:, cut:] = -777.0
        known = some.known.clone()
        known[:, cut + 1 :] = 55.0
        seen = some.observed.clone()
        seen[:, cut + 1 :] = ~seen[:, cut + 1 :]
        other, _ = model.losses(some._replace(y=changed, known=known, observed=seen), y, observed)
        torch.testing.assert_close(losses[:, :cut], other[:, :cut], rtol=0, atol=0)
        assert not torch.allclose(losses[:, cut:], other[:, cut:])


def test_a_norm_of_the_window_learns_from_what_follows_it_alone() -> None:
    model = paths(norm="standard")
    _, counted = model.losses(*window(NO_PAST, 6, 4, gaps=False))
    assert counted.tolist() == [[False] * 6 + [True] * 4] * 6


@pytest.mark.parametrize(
    ("norm", "head", "steps"),
    [
        ("running_standard", "student_t", 10_000),
        ("running_mean", "point", 500),
        ("none", "quantiles", 500),
    ],
)
def test_a_stream_is_reading_it_all(norm: str, head: str, steps: int) -> None:
    model = paths(norm=norm, head=head).float()
    some, _, _ = window(NO_PAST, steps, 4, batch=1)
    some = Window(*(p.float() if p.is_floating_point() else p for p in some))
    about = model.static(some.categories, some.numbers)
    with torch.inference_mode():
        memory = streamed(model, some, steps, model.start(1))
        again = model.read(some)
        drawn = [
            model.paths(m, some.known[:, steps:], about, generator=torch.Generator().manual_seed(3))
            for m in (memory, again)
        ]
    scale = float(model.norm.statistics(memory.norm)[1].max())
    torch.testing.assert_close(drawn[0], drawn[1], rtol=1e-5, atol=1e-5 * scale)
    torch.testing.assert_close(memory.recent, again.recent)
    assert torch.equal(memory.seen, again.seen)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 25), st.integers(0, 25), st.integers(0, 99))
def test_reading_some_and_streaming_the_rest(first: int, rest: int, seed: int) -> None:
    model = paths(norm="running_standard", head="point")
    some, _, _ = window(NO_PAST, first + rest, 4, seed=seed)
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


@pytest.mark.parametrize("norm", ["running_standard", "standard", "none"])
def test_a_path_is_what_feeding_it_back_gives(norm: str) -> None:
    """Of a point forecast: each step is that of reading the path so far as if it had come."""
    model = paths(norm=norm, head="point", residual=True)
    some, _, _ = window(NO_PAST, 12, 4)
    told = model.forecast(some).mean.detach()
    none = torch.zeros(3, 4, dtype=torch.bool)
    longer = some._replace(y=torch.cat([some.y, told], 1)[:, :12])
    assert torch.equal(longer.y, some.y)
    losses, _ = model.losses(some, told, ~none)
    torch.testing.assert_close(losses[:, -4:], torch.zeros(6, 4).double(), atol=1e-9, rtol=0)


def test_paths_of_different_series_and_targets_do_not_mix() -> None:
    model = paths(head="normal", norm="running_standard")
    some, _, _ = window(NO_PAST, 12, 4)
    some = some._replace(y=some.y + 1000 * torch.arange(6.0).reshape(3, 1, 2).double())
    drawn = model.forecast(some, (0.05, 0.95), samples=64, generator=torch.Generator())
    last = some.y[:, -1]
    assert ((drawn.mean - last.unsqueeze(1)).abs() < 500).all()
    assert drawn.quantiles.shape == (3, 4, 2, 2)
    assert (drawn.quantiles[:, :, 0] < drawn.mean).all()
    assert (drawn.quantiles[:, :, 1] > drawn.mean).all()


def test_the_first_step_of_paths_has_the_distribution_that_the_loss_judges() -> None:
    model = paths(Features(), horizon=1, head="normal", norm="running_standard", lags=[])
    some, _, observed = window(Features(), 20, 1, batch=1, gaps=False)
    memory = model.read(some)
    drawn = model.paths(
        memory, torch.zeros(1, 1, 0).double(), torch.zeros(1, 0).double(), samples=40_000
    )[0, :, 0].detach()
    grid = torch.linspace(float(drawn.min()), float(drawn.max()), 400).double()
    scale = float(model.norm.statistics(memory.norm)[1])
    density = torch.stack(
        [(-model.losses(some, y.reshape(1, 1, 1), observed * 0 == 0)[0][0, -1]).exp() for y in grid]
    ).detach()
    density = density / scale
    step = float(grid[1] - grid[0])
    assert abs(float(density.sum()) * step - 1) < 1e-2
    mean = float((density * grid).sum()) * step
    assert abs(mean - float(drawn.mean())) < 5 * float(drawn.std()) / 200


def test_columns_that_nobody_can_draw_are_refused() -> None:
    with pytest.raises(ConfigError, match="2 columns are known up to now only"):
        forecaster(FULL, 4, **PATHS)


def test_a_point_has_no_quantiles() -> None:
    model = paths(head="point")
    some, _, _ = window(NO_PAST, 12, 4)
    assert model.forecast(some).quantiles.shape == (3, 4, 0, 2)
    with pytest.raises(ConfigError, match="no intervals"):
        model.forecast(some, (0.5,))


def test_counts_are_drawn_as_counts() -> None:
    model = paths(Features(), head="negative_binomial")
    some, y, observed = window(Features(), 12, 4)
    some = some._replace(y=some.y.abs().round())
    drawn = model.paths(
        model.read(some), torch.zeros(3, 4, 0).double(), torch.zeros(3, 0).double(), samples=50
    )
    assert torch.equal(drawn, drawn.round()) and bool((drawn >= 0).all())
    assert bool(torch.isfinite(model.loss(some, y.abs().round(), observed)[0]))
    quantiles = model.forecast(some, (0.1, 0.25, 0.5), samples=10).quantiles
    assert torch.equal(quantiles, quantiles.round())  # of ten paths, never between two counts


def test_gradients() -> None:
    model = paths(Features(targets=2), head="student_t", hidden_size=3)
    some, y, observed = window(Features(targets=2), 6, 4, batch=2)

    def loss(values: torch.Tensor) -> torch.Tensor:
        return model.loss(some._replace(y=values), y, observed)[0]

    assert torch.autograd.gradcheck(loss, some.y.clone().requires_grad_())


def test_shifting() -> None:
    rows = torch.tensor([[1.0, 2.0, 3.0]])
    assert [shifted(rows, k).tolist()[0] for k in (1, 3, 5)] == [[0, 1, 2], [0, 0, 0], [0, 0, 0]]
