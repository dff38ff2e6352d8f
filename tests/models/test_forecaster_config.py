"""Keys that would have no effect, or make no sense together, are refused."""

from __future__ import annotations

from typing import Any

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.forecaster_config import ForecasterConfig


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"mode": "autoregressive", "segment": 12}, "only mode = 'direct' has segments"),
        ({"mode": "autoregressive", "norm": "last"}, "running_standard"),
        ({"head": "normal", "point_loss": "squared"}, "only head = 'point' reads it"),
        ({"head": "normal", "levels": [0.1, 0.9]}, "only head = 'quantiles'"),
        ({"levels": [0.9, 0.1]}, "increasing"),
        ({"levels": []}, "increasing"),
        ({"levels": [0.0, 0.5]}, "greater than 0"),
        ({"head": "negative_binomial", "norm": "standard"}, "zero have to stay zero"),
        ({"norm": "running_mean"}, "needs segment = 1"),
        ({"norm_memory": 9}, "only norm = 'running_standard'"),
        ({"lags": [24, 12]}, "increasing"),
        ({"residual": True, "lags": []}, "needs lags"),
        (
            {"residual": True, "lags": [2], "head": "negative_binomial", "norm": "mean"},
            "never negative",
        ),
    ],
)
def test_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(ForecasterConfig, None, keys)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({}, "segment = 24"),
        ({"segment": 1}, None),
        ({"mode": "autoregressive", "head": "negative_binomial"}, None),
        ({"norm": "last", "segment": 1}, "norm = 'last'"),
        ({"norm": "none", "segment": 4}, "segment = 4"),
        ({"norm": "none", "segment": 1}, None),
        ({"norm": "running_mean", "segment": 1}, None),
        ({"norm": "running_standard", "mode": "autoregressive"}, None),
        ({"norm": "standard", "mode": "autoregressive"}, "norm = 'standard'"),
    ],
)
def test_who_can_stream(keys: dict[str, Any], why: str | None) -> None:
    found = ForecasterConfig(**keys).why_no_stream
    assert found is None if why is None else found is not None and why in found


def test_norms_where_none_is_given() -> None:
    found = [
        ForecasterConfig(**keys).normalisation
        for keys in (
            {},
            {"head": "negative_binomial"},
            {"segment": 1},
            {"mode": "autoregressive", "head": "negative_binomial"},
            {"norm": "last"},
        )
    ]
    assert found == ["standard", "mean", "running_standard", "running_mean", "last"]


def test_what_forecasts_are_added_to() -> None:
    direct, paths = {"lags": [7]}, {"lags": [7], "mode": "autoregressive"}
    counts = {"lags": [7], "head": "negative_binomial"}
    found = [ForecasterConfig(**keys).adds for keys in ({}, direct, paths, counts)]
    assert found == [False, True, False, False]
    assert ForecasterConfig(**{**paths, "residual": True}).adds
    assert not ForecasterConfig(**{**direct, "residual": False}).adds
