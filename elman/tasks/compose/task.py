"""Where the registry finds the task."""

from __future__ import annotations

from elman.tasks.compose.run import ComposeRun
from elman.tasks.compose.training import ComposeTraining

__all__ = ["ComposeRun", "ComposeTraining"]
