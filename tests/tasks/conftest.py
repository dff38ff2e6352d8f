"""Small models trained on small data."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman._config import load_config
from elman.tasks.language_model.config import LanguageModelTask
from elman.tasks.language_model.task import LanguageModelRun, LanguageModelTraining
from elman.tasks.translate.task import TranslateRun
from tests.tasks import pairs

TEXT = "the cat sat on the mat and the dog sat on the log. " * 60


@pytest.fixture(scope="session")
def task(tmp_path_factory: pytest.TempPathFactory) -> LanguageModelTask:
    folder = tmp_path_factory.mktemp("text")
    (folder / "text.txt").write_text(TEXT)
    overrides = {
        "data": str(folder / "text.txt"),
        "model": {"hidden_size": 24, "num_layers": 2, "embedding_size": 12, "dropout": 0.1},
        "train": {"batch_size": 4, "tbptt_length": 16, "steps": 400, "lr": 0.02, "eval_every": 50},
    }
    return load_config(LanguageModelTask, None, overrides)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep tokenised texts out of the user's cache."""
    patch = pytest.MonkeyPatch()
    patch.setenv("ELMAN_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def trained(
    cache: None, task: LanguageModelTask, tmp_path_factory: pytest.TempPathFactory
) -> LanguageModelRun:
    training = LanguageModelTraining.start(task, tmp_path_factory.mktemp("out") / "run")
    for _ in training.events():
        pass
    return LanguageModelRun.open(training.run.path)


@pytest.fixture(scope="session")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> TranslateRun:
    """A translator that has learned to say numbers, the last first."""
    folder = tmp_path_factory.mktemp("numbers")
    return pairs.train(pairs.task_of(pairs.write_pairs(folder / "pairs.tsv")), folder / "run")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run"
