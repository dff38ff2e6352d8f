"""Small runs, trained once."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.tasks.compose.run import ComposeRun
from tests.tasks.compose.tunes import EVENTS, ROLL, book, trained


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return book(tmp_path_factory.mktemp("music"))


@pytest.fixture(scope="session")
def events(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ComposeRun:
    out = tmp_path_factory.mktemp("runs") / "events"
    return trained(folder, out, EVENTS, train={"epochs": 12})


@pytest.fixture(scope="session")
def roll(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ComposeRun:
    return trained(folder, tmp_path_factory.mktemp("runs") / "roll", ROLL, train={"epochs": 8})


@pytest.fixture(params=["events", "roll"])
def either(request: pytest.FixtureRequest) -> ComposeRun:
    """A run of each form."""
    return request.getfixturevalue(request.param)
