"""The registry finds the task."""

from __future__ import annotations

from elman.tasks.compose import task
from elman.tasks.registry import TASKS


def test_the_registry_knows_it() -> None:
    home = TASKS["compose"]
    assert home.training is task.ComposeTraining and home.run is task.ComposeRun
    assert home.options("generate").__name__ == "ComposeGenerate"
    assert home.config().data == "chorales"
