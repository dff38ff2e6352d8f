from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.small import Elman
from tests.tasks import sensed

SMALL = ("--model.hidden-size", 6, "--model.no-bidirectional", "--train.epochs", 2)


@pytest.mark.parametrize(
    ("task", "label"), [("classify", "name"), ("tag", "steps"), ("regress", "number")]
)
def test_from_a_table_to_answers(elman: Elman, tmp_path: Path, task: str, label: str) -> None:
    table = sensed.table(tmp_path / "a.csv", label=label, timed=True, missing=0.1)
    done = elman("train", task, "a.csv", *SMALL, "--out", "run")
    assert done.code == 0, done.err
    assert "6 groups (column 'subject'), each in one part only" in done.err + done.out
    report = elman("eval", "run", "--baselines", "--json")
    assert report.code == 0, report.err
    assert json.loads(report.out)["baselines"]
    sensed.without_labels(table, tmp_path / "bare.csv")
    told = elman("predict", "run", "bare.csv", "--format", "csv")
    assert told.code == 0, told.err
    rows = len(table.read_text().splitlines()) if task == "tag" else 61
    assert len(told.out.splitlines()) == rows
    sensed.without_labels(table, tmp_path / "one.csv", first=2)
    running = elman("predict", "run", "one.csv", "--stream")
    assert running.code == 0, running.err
    assert len(running.out.splitlines()) == len((tmp_path / "one.csv").read_text().splitlines()) - 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "id,x,label\na,1,up\na,2\n", "a.csv, line 3: expected 3 columns, found 2"),
        ("a.csv", "id,x,label\na,1,up\na,?!,up\n", "line 3, column 'x': expected a number"),
        ("a.csv", "id,x,label\na,1,up\na,2,\n", "line 3, column 'label': the label is missing"),
        ("a.ts", "@timeStamps false\n@classLable true a b\n@data\n", "line 2: unknown '@class"),
        ("a.ts", "@univariate true\n@classLabel true a b\n@data\n?:a\n", "line 4: this recording"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_run(
    elman: Elman, tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    done = elman("train", "classify", name, "--input", "signal", "--out", "run")
    assert done.code == 2 and message in done.err and "Traceback" not in done.err
    assert done.err.count("error:") == 1 and not (tmp_path / "run").exists()
