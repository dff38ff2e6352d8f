"""The registry finds training and runs under one name."""

from __future__ import annotations

from elman.tasks.forecast.run import ForecastRun
from elman.tasks.forecast.training import ForecastTraining
from elman.tasks.registry import TASKS


def test_the_registry_finds_them() -> None:
    home = TASKS["forecast"]
    assert (home.training, home.run) == (ForecastTraining, ForecastRun)
    assert home.config().task == "forecast"
    assert {"levels", "stream"} <= set(home.options("predict").model_fields)
