"""A captioner that has learned, once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.tasks.caption.task import CaptionRun
from tests.tasks.caption.squares import task_of, train, write_squares


@pytest.fixture(scope="session")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of clips."""
    return write_squares(tmp_path_factory.mktemp("squares") / "clips")


@pytest.fixture(scope="session")
def narrating(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> CaptionRun:
    """A captioner that tells where squares go."""
    return train(task_of(squares), tmp_path_factory.mktemp("runs") / "squares")
