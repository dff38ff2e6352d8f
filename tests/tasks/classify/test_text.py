"""Texts as a kind of input: tokens as written, baselines that see words."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman._config import load_config
from elman.data.tokenizer import ByteTokenizer, CharTokenizer, WordTokenizer
from elman.tasks.classify.config import ClassifyTask
from elman.tasks.classify.kinds import settled
from elman.tasks.classify.task import ClassifyRun, ClassifyTraining
from elman.tasks.classify.text import pieces_of
from tests.tasks.classified import table, task_of


def test_pieces_are_the_words_as_written() -> None:
    assert pieces_of(WordTokenizer(["good"], "plain", True), "Good  dog!") == ["Good", "dog", "!"]
    assert pieces_of(CharTokenizer("ab"), "abc") == ["a", "b", "<unk>"]
    assert pieces_of(ByteTokenizer(), "né") == ["n", "\\xc3", "\\xa9"]


def test_baselines_see_words_whatever_the_network_sees(tmp_path: Path) -> None:
    task = task_of(
        table(tmp_path / "a.csv"),
        text={"tokenizer": "char", "max_length": 3},
        train={"steps": 1, "epochs": None},
    )
    list(ClassifyTraining.start(task, tmp_path / "run").events())
    run = ClassifyRun.open(tmp_path / "run")
    found = run.evaluate(baselines=True).baselines
    assert found["bag of words"]["accuracy"] == 1.0 and found["naive Bayes"]["accuracy"] == 1.0
    assert found["commonest class"]["macro F1"] < 0.4
    (tmp_path / "b.csv").write_text("text,label\ngood,up\ngood,down\n")
    other = run.evaluate(str(tmp_path / "b.csv"), baselines=True).baselines
    assert other["bag of words"]["accuracy"] == 0.5


def test_files_are_named_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table(tmp_path / "a.csv")
    monkeypatch.chdir(tmp_path)
    task = settled(load_config(ClassifyTask, None, {"data": "a.csv"}))
    assert task.input == "text" and task.data == str(tmp_path / "a.csv")
    assert task.text is not None and task.text.tokenizer == "word"


def test_a_set_that_is_known_keeps_its_name() -> None:
    task = settled(load_config(ClassifyTask, None, {}))
    assert task.data == "names" and task.text is not None and task.text.tokenizer == "char"
