"""`translate` from the command: train, resume, predict, eval, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.small import Elman
from tests.tasks.pairs import write_pairs

SMALL = (
    *("--model.hidden-size", 8, "--model.num-layers", 1, "--model.embedding-size", 8),
    *("--train.batch-size", 16, "--train.steps", 4),
)


def test_train_predict_eval_resume(elman: Elman, tmp_path: Path) -> None:
    write_pairs(tmp_path / "pairs.tsv", 60)
    done = elman("train", "translate", "pairs.tsv", "--out", "run", *SMALL)
    assert done.code == 0 and "elman predict run" in done.err
    done = elman("predict", "run", "1 2", "")
    assert done.code == 0 and len(done.out.splitlines()) == 2
    done = elman("predict", "run", "1 2", "--beam", 3, "--nbest", 3, "--html", "page.html")
    assert [line.split("\t")[1] for line in done.out.splitlines()] == ["1", "2", "3"]
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    (tmp_path / "lines").write_text("1\n\n2 3\n")
    done = elman("predict", "run", "--file", "lines", "--format", "json")
    assert [json.loads(line)["source"] for line in done.out.splitlines()] == ["1", "", "2 3"]
    done = elman("eval", "run", "--baselines", "--beam", 2)
    assert "copy the source" in done.out and "token error rate" in done.out
    done = elman("train", "--resume", "run", "--train.steps", 8)
    assert done.code == 0


def test_two_files_and_their_eval(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "a.de").write_text("eins\nzwei\n" * 20)
    (tmp_path / "a.en").write_text("one\ntwo\n" * 20)
    done = elman("train", "translate", "a.de", "--target", "a.en", "--out", "run", *SMALL)
    assert done.code == 0
    done = elman("eval", "run", "a.de", "--target", "a.en", "--json")
    assert json.loads(done.out)["title"] == "a.de, 40 pairs, greedy"


WRONG = {
    "one column\n": "pairs.tsv, line 1: expected at least 2 columns between tabs, got 1",
    "a\tb\n\t\n": "pairs.tsv, line 2: the source side is empty",
    "a\tb\n": "1 examples leave none for the valid part",
}


@pytest.mark.parametrize("text", WRONG, ids=str)
def test_bad_data_is_one_message_and_exit_2(elman: Elman, tmp_path: Path, text: str) -> None:
    (tmp_path / "pairs.tsv").write_text(text)
    done = elman("train", "translate", "pairs.tsv", "--out", "run")
    assert done.code == 2 and WRONG[text] in done.err and "Traceback" not in done.err
    assert not (tmp_path / "run").exists()


def test_files_of_different_length_are_refused(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "a.de").write_text("eins\nzwei\n")
    (tmp_path / "a.en").write_text("one\n")
    done = elman("train", "translate", "a.de", "--target", "a.en")
    assert done.code == 2
    assert "a.de has 2 lines" in done.err and "a.en has 1: two parallel files" in done.err


def test_it_runs_with_no_file_at_all(elman: Elman) -> None:
    pytest.importorskip("pocketsphinx")
    done = elman("train", "translate", "--out", "run", *SMALL)
    assert done.code == 0 and "(char) -> " in done.err and "(word)" in done.err, done.err
    assert elman("predict", "run", "hello").code == 0
    done = elman("train", "--resume", "run", "--train.steps", 5)
    assert done.code == 0, done.err
    assert 'tokenizer = "char"' in Path("run/config.toml").read_text()
