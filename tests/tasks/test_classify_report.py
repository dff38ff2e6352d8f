"""The report of a classifier: every class, what is confused, baselines on the same split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from elman.data.labelled import Columns, read_labelled
from elman.tasks.classify_report import baseline_figures, report_of
from tests.tasks.classified import table, task_of


def test_few_classes_have_a_matrix_and_many_their_worst_pairs() -> None:
    log_probs = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.3, 0.2]]))
    report = report_of("test", ["a", "b", "c"], np.array([0, 1, 2]), log_probs, log_probs)
    classes, matrix = report.tables
    assert classes.rows[2] == ("c", 0.0, 0.0, 0.0, 1)
    assert matrix.rows == (("a", 1, 0, 0), ("b", 0, 1, 0), ("c", 1, 0, 0))
    many = np.log(np.eye(20) * 0.9 + 0.005)
    labels = [f"l{k}" for k in range(20)]
    true = np.arange(20)
    worst = report_of("test", labels, np.where(true == 7, 3, true), many, many).tables[1]
    assert worst.title == "confused most" and worst.rows == (("l3", "l7", 1),)


def test_baselines_see_words_whatever_the_network_sees(tmp_path: Path) -> None:
    task = task_of(table(tmp_path / "a.csv"), text={"tokenizer": "char", "max_length": 3})
    sets = read_labelled(task.data, task.text, task.columns)
    columns = Columns(("text",), "label")
    found = baseline_figures(task, columns, sets.labels, None, "test", None)
    assert found["bag of words"]["accuracy"] == 1.0 and found["naive Bayes"]["accuracy"] == 1.0
    assert found["commonest class"]["macro F1"] < 0.4
    (tmp_path / "b.csv").write_text("text,label\ngood,up\ngood,down\n")
    other = baseline_figures(task, columns, sets.labels, str(tmp_path / "b.csv"), "test", None)
    assert other["bag of words"]["accuracy"] == 0.5
