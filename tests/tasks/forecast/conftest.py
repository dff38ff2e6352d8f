"""Two trained networks that tests of `forecast` share."""

from __future__ import annotations

import pytest

from elman.tasks.forecast.run import ForecastRun
from tests.tasks.forecast.trained import STREAM, trained


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> ForecastRun:
    return trained(tmp_path_factory.mktemp("direct"), train={"epochs": 6})


@pytest.fixture(scope="session")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ForecastRun:
    return trained(tmp_path_factory.mktemp("paths"), model=STREAM, train={"epochs": 6})
