"""Two small transcribers: one that hears both ways, one that streams."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.tasks.transcribe.run import TranscribeRun
from tests.tasks.transcribe import songs


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return songs.write(tmp_path_factory.mktemp("songs"), 120)


@pytest.fixture(scope="session")
def both(table: Path, tmp_path_factory: pytest.TempPathFactory) -> TranscribeRun:
    """A run that hears in both directions."""
    return songs.train(songs.task_of(table), tmp_path_factory.mktemp("both") / "run")


@pytest.fixture(scope="session")
def live(table: Path, tmp_path_factory: pytest.TempPathFactory) -> TranscribeRun:
    """A run that streams, two steps behind."""
    task = songs.task_of(table, model={"streaming": True, "lookahead": 2})
    return songs.train(task, tmp_path_factory.mktemp("live") / "run")
