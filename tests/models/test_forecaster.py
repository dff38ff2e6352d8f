"""What both kinds of forecaster promise: padding, gaps and other series never leak."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from elman._errors import ConfigError, DataError
from elman.models.distribution import (
    NegativeBinomialHead,
    NormalHead,
    PointHead,
    QuantileHead,
    StudentTHead,
)
from elman.models.forecaster import Features, first_steps, make_head, recent_values
from elman.models.forecaster_config import ForecasterConfig
from elman.models.save import load_model, model_bytes
from tests.models.forecasts import FULL, NO_PAST, forecaster, padded, window

KINDS: dict[str, tuple[Features, dict[str, Any]]] = {
    "segments": (FULL, {"segment": 4, "lags": [3, 5], "residual": True}),
    "last": (FULL, {"segment": 4, "norm": "last", "cell": "lstm", "num_layers": 2}),
    "steps": (FULL, {"segment": 1, "horizon_segment": 3, "norm": "running_standard"}),
    "paths": (
        NO_PAST,
        {"mode": "autoregressive", "head": "point", "norm": "running_standard", "lags": [3, 5]},
    ),
    "window paths": (
        NO_PAST,
        {
            **{"mode": "autoregressive", "head": "point", "norm": "standard"},
            **{"lags": [3], "residual": True},
        },
    ),
}
STEPS, HORIZON = 13, 5
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_padding_never_leaks(kind: str) -> None:
    features, keys = KINDS[kind]
    model = forecaster(features, HORIZON, **keys)
    some, y, observed = window(features, STEPS, HORIZON)
    plain = model.forecast(some).mean
    for before in (1, 3, 8):
        wide = padded(some, before)
        torch.testing.assert_close(model.forecast(wide).mean, plain, rtol=1e-9, atol=1e-9)
        loss, count = model.loss(wide, y, observed)
        own, own_count = model.loss(some, y, observed)
        assert count == own_count
        torch.testing.assert_close(loss, own, rtol=1e-9, atol=1e-9)


@every_kind
def test_rows_of_different_lengths_are_as_alone(kind: str) -> None:
    features, keys = KINDS[kind]
    model = forecaster(features, HORIZON, **keys)
    some, _, _ = window(features, STEPS, HORIZON)
    short = 5
    lengths = torch.tensor([STEPS, short, STEPS])
    mixed = some._replace(
        lengths=lengths,
        observed=some.observed & (torch.arange(STEPS) >= STEPS - lengths[:, None]),
    )
    alone = type(some)(*(part[1:2] for part in some))
    alone = alone._replace(
        y=alone.y[:, -short:],
        observed=alone.observed[:, -short:],
        known=alone.known[:, -short - HORIZON :],
        past=alone.past[:, -short:],
        lengths=torch.tensor([short]),
    )
    torch.testing.assert_close(
        model.forecast(mixed).mean[1:2], model.forecast(alone).mean, rtol=1e-9, atol=1e-9
    )


@every_kind
def test_what_was_not_observed_changes_nothing(kind: str) -> None:
    features, keys = KINDS[kind]
    model = forecaster(features, HORIZON, **keys)
    some, y, observed = window(features, STEPS, HORIZON)
    spoilt = some._replace(y=some.y.masked_fill(~some.observed.unsqueeze(-1), 1e6))
    assert torch.equal(model.forecast(some).mean, model.forecast(spoilt).mean)
    y_spoilt = y.masked_fill(~observed.unsqueeze(-1), -1e6)
    losses = [model.loss(some, y, observed)[0], model.loss(spoilt, y_spoilt, observed)[0]]
    torch.testing.assert_close(losses[0], losses[1])


@every_kind
def test_series_and_targets_do_not_see_each_other(kind: str) -> None:
    features, keys = KINDS[kind]
    model = forecaster(features, HORIZON, **keys)
    some, _, _ = window(features, STEPS, HORIZON)
    y = some.y.clone()
    y[0], y[1, :, 0] = 1e3, -1e3
    before, after = model.forecast(some).mean, model.forecast(some._replace(y=y)).mean
    torch.testing.assert_close(before[2], after[2])
    torch.testing.assert_close(before[1, :, 1], after[1, :, 1])
    assert not torch.allclose(before[1, :, 0], after[1, :, 0])


@every_kind
def test_everything_that_is_known_has_an_effect(kind: str) -> None:
    features, keys = KINDS[kind]
    model = forecaster(features, HORIZON, **keys)
    some, _, _ = window(features, STEPS, HORIZON, gaps=False)
    plain = model.forecast(some).mean
    for name in ("known", "past", "numbers"):
        part = getattr(some, name)
        if part.shape[-1]:
            assert not torch.allclose(plain, model.forecast(some._replace(**{name: part + 1})).mean)
    words = some._replace(categories=(some.categories + 1) % 3)
    assert not torch.allclose(plain, model.forecast(words).mean)


@every_kind
def test_every_parameter_learns(kind: str) -> None:
    features, keys = KINDS[kind]
    model = forecaster(features, HORIZON, **keys).train()
    loss, _ = model.loss(*window(features, STEPS, HORIZON))
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and bool(parameter.grad.abs().sum() > 0), name


@every_kind
def test_saved_and_loaded(kind: str) -> None:
    features, keys = KINDS[kind]
    some, _, _ = window(features, STEPS, HORIZON)
    one, other = (forecaster(features, HORIZON, seed=seed, **keys) for seed in (0, 1))
    assert not torch.allclose(one.forecast(some).mean, other.forecast(some).mean)
    load_model(other, model_bytes(one))
    assert torch.equal(one.forecast(some).mean, other.forecast(some).mean)


def test_the_loss_is_the_mean_over_what_was_observed() -> None:
    model = forecaster(Features(), 4, segment=2, head="point")
    some, y, observed = window(Features(), 6, 4)
    told = model.forecast(some).mean
    memory = model.read(some)
    _, scale = model.norm.statistics(memory.norm)
    errors = ((told - y).abs()[..., 0] / scale.unsqueeze(1))[observed]
    loss, count = model.loss(some, y, observed)
    assert count == int(observed.sum())
    torch.testing.assert_close(loss, errors.mean())


def test_nothing_observed_is_no_loss() -> None:
    model = forecaster(Features(), 4, segment=2)
    some, y, observed = window(Features(), 6, 4)
    loss, count = model.loss(some, y, torch.zeros_like(observed))
    assert (float(loss.detach()), count) == (0.0, 0)


def test_forecasts_of_moved_and_stretched_windows_move_and_stretch() -> None:
    model = forecaster(Features(), 4, segment=3, levels=[0.1, 0.5, 0.9])
    some, _, _ = window(Features(), 9, 4, gaps=False)
    plain = model.forecast(some, (0.1, 0.9))
    moved = model.forecast(some._replace(y=1e4 * some.y), (0.1, 0.9))
    torch.testing.assert_close(moved.quantiles, 1e4 * plain.quantiles, rtol=1e-5, atol=1e-3)
    model = forecaster(Features(), 4, segment=3, norm="last")
    plain, moved = (model.forecast(some._replace(y=some.y + by)) for by in (0.0, 70.0))
    torch.testing.assert_close(moved.mean, plain.mean + 70)


def test_heads_by_name() -> None:
    assert make_head(ForecasterConfig(head="point", point_loss="squared")) == PointHead(True)
    assert make_head(ForecasterConfig(levels=[0.5])) == QuantileHead((0.5,))
    assert make_head(ForecasterConfig(head="normal")) == NormalHead()
    assert make_head(ForecasterConfig(head="student_t")) == StudentTHead()
    counts = ForecasterConfig(head="negative_binomial", norm="mean")
    assert make_head(counts) == NegativeBinomialHead()


def test_who_cannot_stream_says_so() -> None:
    with pytest.raises(ConfigError, match="cannot stream: norm = 'standard'"):
        forecaster(Features(), 4, segment=1, norm="standard").start(1)


def test_bad_words_and_horizons() -> None:
    model = forecaster(FULL, 4, segment=4)
    some, _, _ = window(FULL, 8, 4)
    with pytest.raises(DataError, match="categories"):
        model.forecast(some._replace(categories=some.categories - 9))
    with pytest.raises(ConfigError, match="horizon"):
        forecaster(FULL, 0)


def test_small_helpers() -> None:
    assert first_steps(torch.tensor([3, 3]), 3) is None
    reset = first_steps(torch.tensor([1, 3]), 3)
    assert reset is not None
    assert reset.T.tolist() == [[False, False, True], [True, False, False]]
    y, seen = recent_values(torch.tensor([[5.0, 6.0]]), torch.ones(1, 2).bool(), 3)
    assert (y.tolist(), seen.tolist()) == ([[0.0, 5.0, 6.0]], [[False, True, True]])
    assert "embedding.weight" in forecaster(Features(), 4).describe()
