"""Keys that contradict each other are refused."""

from __future__ import annotations

from typing import Any

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.tasks.forecast.config import ForecastPredict, ForecastTask, levels_of


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"horizon": 0}, "horizon"),
        (
            {"model": {"head": "negative_binomial"}, "window": {"scaling": "standard"}},
            "whole numbers",
        ),
        ({"model": {"head": "negative_binomial"}, "window": {"log": True}}, "count of zero"),
        ({"model": {"norm": "mean"}, "window": {"log": True}}, "logarithm has no size"),
        ({"model": {"lags": [24]}, "window": {"lookback": 12}}, "24 steps ago is before"),
        ({"train": {"max_tokens": 5}}, "max_tokens"),
    ],
)
def test_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(ForecastTask, None, keys)


def test_scaling_of_counts_is_none() -> None:
    counts = load_config(ForecastTask, None, {"model": {"head": "negative_binomial"}})
    assert (counts.scaling, ForecastTask().scaling) == ("none", "standard")


def test_it_comes_back_from_toml() -> None:
    import tomllib

    task = load_config(ForecastTask, None, {"model": {"lags": [24, 168], "residual": True}})
    assert load_config(ForecastTask, None, tomllib.loads(to_toml(task))) == task


def test_levels_of_intervals() -> None:
    assert levels_of((95.0, 50.0, 50.0)) == (0.025, 0.25, 0.75, 0.975)
    assert ForecastPredict(levels="80, 95").widths == (80.0, 95.0)


@pytest.mark.parametrize("widths", ["0", "100", "-5", "80,", "wide", ""])
def test_intervals_are_percentages(widths: str) -> None:
    with pytest.raises(ConfigError, match="between 0 and 100"):
        load_config(ForecastPredict, None, {"levels": widths})


def test_a_file_says_its_own_format() -> None:
    with pytest.raises(ConfigError, match="format has no effect on out"):
        load_config(ForecastPredict, None, {"out": "a.csv", "format": "json"})


def test_a_stream_draws_nothing() -> None:
    with pytest.raises(ConfigError, match="stream"):
        load_config(ForecastPredict, None, {"stream": True, "png": "a.png"})
