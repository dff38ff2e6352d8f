"""The report of a classifier: every class, what is confused, baselines on the same split."""

from __future__ import annotations

import numpy as np
import pytest

from elman.tasks.classify.report import report_of, with_baselines


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


def test_baselines_have_the_same_figures() -> None:
    log_probs = np.log(np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]))
    true = np.array([0, 0, 1])
    report = report_of("test", ["a", "b"], true, log_probs, log_probs, "clips")
    found = with_baselines(report, 2, true, {"same": log_probs}, np.array([0, 0, 0, 1]))
    assert found.baselines["same"]["accuracy"] == report["accuracy"] == 1.0
    assert found.baselines["same"]["nats"] == report["nats"]
    commonest = found.baselines["commonest class"]
    assert commonest["accuracy"] == 2 / 3
    assert commonest["nats"] == pytest.approx(-(2 * np.log(4 / 6) + np.log(2 / 6)) / 3)
    assert found.tables[0].columns[-1].name == "clips"
