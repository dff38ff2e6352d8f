"""What is tagged decides which class trains and opens a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman._config import load_config
from elman.tasks.tag.config import TagTask
from elman.tasks.tag.task import TagRun, TagTraining
from elman.tasks.tag.text import TextTagRun, TextTagTraining


def test_sentences_go_to_the_tagger_of_words(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ann B-PER\nsleeps O\n\n" * 20)
    task = load_config(TagTask, None, {"data": str(tmp_path / "a.conll"), "train": {"steps": 2}})
    training = TagTraining.start(task, tmp_path / "run")
    assert isinstance(training, TextTagTraining)
    assert training.task.input == "text" and training.task.model.output == "crf"
    list(training.events())
    assert isinstance(TagRun.open(tmp_path / "run"), TextTagRun)
    again = TagTraining.resumed(tmp_path / "run", {"steps": 3})
    assert isinstance(again, TextTagTraining)


def test_a_report_has_a_picture_where_asked(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "a.conll").write_text("Ann B-PER\nsleeps O\n\n" * 20)
    task = load_config(TagTask, None, {"data": str(tmp_path / "a.conll"), "train": {"steps": 1}})
    list(TagTraining.start(task, tmp_path / "run").events())
    run = TagRun.open(tmp_path / "run")
    assert len(run.evaluate(pictures=True).pictures) == 1 and not run.evaluate().pictures
