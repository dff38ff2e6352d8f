"""Trainings of kinds of input: a refused one leaves nothing, a run's files are not trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman._errors import ConfigError, DataError, RunError
from elman._run import RunDirectory
from elman.tasks.classify.task import ClassifyTraining
from elman.tasks.kind_training import are_names, opened
from tests.tasks.classified import table, task_of


def test_what_cannot_work_leaves_no_run(tmp_path: Path) -> None:
    task = task_of(table(tmp_path / "a.csv"), train={"class_weights": {"no such": 2.0}})
    with pytest.raises(ConfigError, match="no label 'no such'"):
        ClassifyTraining.start(task, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_network_starts_the_same_for_the_same_seed(tmp_path: Path) -> None:
    task = task_of(table(tmp_path / "a.csv"), train={"steps": 1, "epochs": None})
    one = ClassifyTraining.start(task, tmp_path / "one").model.state_dict()
    two = ClassifyTraining.start(task, tmp_path / "two").model.state_dict()
    assert all((one[name] == two[name]).all() for name in one)


def test_a_run_opens_with_what_it_was_trained_with(tmp_path: Path) -> None:
    task = task_of(table(tmp_path / "a.csv"), train={"steps": 1, "epochs": None})
    list(ClassifyTraining.start(task, tmp_path / "run").events())
    found = opened(tmp_path / "run", ClassifyTraining)
    assert found.labels == ("down", "up") and found.task.input == "text"
    assert not found.model.training
    RunDirectory.open(tmp_path / "run").write({"labels.json": b'"down"'})
    with pytest.raises(RunError, match="labels.json is damaged"):
        opened(tmp_path / "run", ClassifyTraining)


def test_other_data_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv")
    task = task_of(path, train={"steps": 1, "epochs": None})
    list(ClassifyTraining.start(task, tmp_path / "run").events())
    path.write_text(path.read_text().replace("down", "sideways"))
    with pytest.raises(DataError, match="is not what .* was trained on"):
        ClassifyTraining.resumed(tmp_path / "run", {})


@pytest.mark.parametrize("names", ["ab", {"a": 1}, [1, 2], None])
def test_what_is_no_list_of_names(names: object) -> None:
    assert not are_names(names) and are_names(["a"])
