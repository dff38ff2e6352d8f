"""`classify` as a person types it: train, eval, predict; bad input is one message and exit 2."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.small import Elman
from tests.tasks.classified import table

SMALL = (
    *("--model.hidden-size", 8, "--model.embedding-size", 12),
    *("--train.epochs", 6, "--train.lr", 0.02, "--train.batch-size", 16),
)

ROWS = "text,label\n" + "a,x\nb,y\n" * 9


@pytest.fixture
def trained(elman: Elman, tmp_path: Path) -> Path:
    done = elman("train", "classify", table(tmp_path / "a.csv"), "--out", "run", *SMALL)
    assert done.code == 0, done.err
    assert "text: text; label: label" in done.err and "down 50%, up 50%" in done.err
    assert "accuracy 1  macro F1 1" in done.err and "elman predict run" in done.err
    return Path("run")


def test_train_eval_predict(
    elman: Elman, trained: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = elman("eval", trained, "--baselines")
    assert done.code == 0 and "bag of words" in done.out and "confusion" in done.out
    scores = json.loads(elman("eval", trained, "--json").out)
    assert scores["figures"]["accuracy"] == 1.0
    assert elman("predict", trained, "a great film").out.startswith("up\t")
    why = elman("predict", trained, "a great film", "--why").out
    assert "great(+" in why and "log-odds of up" in why
    monkeypatch.setattr(sys, "stdin", io.StringIO("great\n\nbad film\n"))
    lines = elman("predict", trained, "--format", "json").out.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["great", "", "bad film"]
    told = elman("predict", trained, "--file", tmp_path / "a.csv", "--format", "csv").out
    assert len(told.splitlines()) == 121
    (tmp_path / "b.txt").write_text("great, really\nbad\n")
    told = elman("predict", trained, "--file", tmp_path / "b.txt").out
    assert [line.split("\t")[0] for line in told.splitlines()] == ["up", "down"]


def test_a_training_goes_on(elman: Elman, trained: Path) -> None:
    done = elman("train", "--resume", trained, "--train.epochs", 7)
    assert done.code == 0 and "stopped by epochs" in done.err


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        (ROWS, ("--columns.label", "lable"), "no column 'lable'; did you mean 'label'"),
        (ROWS[11:], ("--columns.label", "lable"), "Columns: 1, 2 (no line of names was found"),
        ("text,label\n" + "a,x\n" * 9, (), "all 9 rows have the label 'x'"),
        (ROWS + ",x\n", (), "a.csv, line 20: the text is empty"),
        (ROWS + '"c,x\n', (), "a.csv, line 20: a quote that is opened"),
        (ROWS + "\xff,x\n", (), "a.csv is not utf-8 at byte 83 (line 20)"),
        (ROWS, ("--text.test", "t.csv"), "t.csv, line 2: label 'z'"),
        (ROWS, ("--train.class-weights.z", "2"), "class_weights: no label 'z'"),
        (ROWS, ("--columns.delimiter", ";"), "which column is the"),
        ("", (), "a.csv is empty"),
    ],
)
def test_bad_data_is_one_message_and_leaves_nothing(
    elman: Elman, tmp_path: Path, content: str, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "a.csv").write_bytes(content.encode("latin-1"))
    (tmp_path / "t.csv").write_text("text,label\na,z\n")
    done = elman("train", "classify", "a.csv", "--out", "run", *SMALL, *words)
    assert done.code == 2 and message in done.err, done.err
    assert done.err.startswith("error: ") and done.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_it_runs_with_no_file_at_all(elman: Elman) -> None:
    pytest.importorskip("names")
    done = elman("train", "classify", "--out", "run", "--train.steps", 3, *SMALL[:4])
    assert done.code == 0, done.err
    assert "different ones (char)" in done.err and "female" in done.err
    assert elman("predict", "run", "Ada").out.split("\t")[0] in ("female", "male")
    done = elman("eval", "run", "--baselines")
    assert done.code == 0 and "test part of names" in done.out, done.err
    done = elman("train", "--resume", "run", "--train.steps", 4)
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("predict", "run", "a", "--why", "--format", "csv"), "why: a row of CSV has no place"),
        (("predict", "run", "a", "--why", "--chunk", 7), "chunk has no effect on why"),
        (("predict", "run", "a", "--beam", 3), "--beam is for translate and"),
        (("predict", "run", "a", "--html", "a.html"), "--html is for translate"),
        (("eval", "run", "a.csv", "--split", "valid"), "split: names a part of the run's own data"),
    ],
)
def test_what_would_be_ignored_is_refused(
    elman: Elman, trained: Path, words: tuple[object, ...], message: str
) -> None:
    done = elman(*words)
    assert done.code == 2 and message in done.err and done.err.count("\n") == 1


def test_no_color_shows_numbers_on_a_terminal(
    elman: Elman, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in elman("predict", trained, "a great film", "--why").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "great(+" in elman("predict", trained, "a great film", "--why").out
