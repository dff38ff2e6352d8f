"""Every task has its three classes, and a run finds its own."""

from pathlib import Path

import pytest

from elman._config import Config
from elman._errors import RunError, UnknownName
from elman._run import RunDirectory
from elman.tasks.registry import TASKS, open_run, task_of


@pytest.mark.parametrize("name", list(TASKS))
def test_a_task_has_a_configuration_a_training_and_a_run(name: str) -> None:
    home = TASKS[name]
    assert issubclass(home.config, Config)
    assert home.config.model_fields["task"].default == name
    for method in (home.training.start, home.training.resumed, home.run.open):
        assert callable(method)
    assert home.about.endswith(".")


def test_a_run_of_an_unknown_task_names_the_known_ones(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {"config.toml": b'task = "sing"'})
    with pytest.raises(UnknownName, match="unknown task 'sing'"):
        open_run(run.path)
    with pytest.raises(RunError, match="is not there"):
        task_of(tmp_path / "nothing")
