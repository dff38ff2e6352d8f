"""The registry finds the task whole."""

from __future__ import annotations

from elman.tasks.registry import TASKS
from elman.tasks.transcribe.config import TranscribeEval, TranscribePredict, TranscribeTask
from elman.tasks.transcribe.run import TranscribeRun
from elman.tasks.transcribe.training import TranscribeTraining


def test_the_registry_finds_it() -> None:
    home = TASKS["transcribe"]
    assert (home.config, home.training, home.run) == (
        TranscribeTask,
        TranscribeTraining,
        TranscribeRun,
    )
    assert home.options("eval") is TranscribeEval and home.options("predict") is TranscribePredict
