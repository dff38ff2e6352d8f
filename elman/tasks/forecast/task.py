"""The task `forecast`: its training and its runs, under one name for the registry."""

from __future__ import annotations

from elman.tasks.forecast.run import ForecastRun
from elman.tasks.forecast.training import ForecastTraining

__all__ = ["ForecastRun", "ForecastTraining"]
