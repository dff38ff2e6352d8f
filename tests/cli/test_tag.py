"""`elman train tag`, `predict` and `eval` of its runs: what they print, and how they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from elman.data.conll import conll_lines
from tests.cli.small import Elman

SMALL = (
    *("--model.hidden-size", 8, "--model.word-size", 8, "--model.character-units", 4),
    *("--train.steps", 40, "--train.lr", 0.03, "--train.batch-size", 8),
)
SENTENCES = [
    (["Ann", "Lee", "left", "Oslo"], ["B-PER", "I-PER", "O", "B-LOC"]),
    (["Bo", "saw", "Rome"], ["B-PER", "O", "B-LOC"]),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "names.conll"
    path.write_text("".join(conll_lines(*sentence) for sentence in SENTENCES * 20))
    return path


def test_from_a_file_to_tags(elman: Elman, data: Path, tmp_path: Path) -> None:
    done = elman("train", "tag", data, "--out", "run", "--text.tag-column", -1, *SMALL)
    assert done.code == 0, done.err
    assert "bio in the file, learned as iobes" in done.err and "elman predict run" in done.err
    done = elman("predict", "run", "Ann Lee left Oslo", "Bo saw Rome")
    assert done.out == "[Ann Lee]/PER left [Oslo]/LOC\n[Bo]/PER saw [Rome]/LOC\n"
    done = elman("predict", "run", "--input", "conll", "--format", "conll", "--file", data)
    assert done.out == data.read_text()
    done = elman("predict", "run", "--format", "json", "Bo saw Rome")
    assert json.loads(done.out)["spans"][1]["type"] == "LOC"
    done = elman("eval", "run", "--baselines")
    assert done.code == 0 and "most frequent tag" in done.out and "by type" in done.out
    done = elman("eval", "run", data, "--json")
    assert json.loads(done.out)["figures"]["F1"] == 1.0


def test_names_of_columns(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"w": ["a", "b"], "t": ["X", "Y"]}\n' * 20)
    columns = ("--text.token-column", "w", "--text.tag-column", "t")
    done = elman("train", "tag", "a.jsonl", *columns, "--out", "run", *SMALL)
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a O\nb\n", (), "names.conll, line 2: 1 columns, fewer than the 2"),
        (
            "a O\nb I-X\n\n" * 9,
            ("--text.strict", "--text.scheme", "bio"),
            "line 2: 'I-X' after 'O'",
        ),
        ("", (), "names.conll is empty"),
        ("a O\n\n" * 9, ("--text.scheme", "bilou"), "text.scheme bilou"),
        ("a X\nb Y\n\n" * 9, ("--text.vectors", "glove.txt"), "glove.txt is not there"),
        ("a X\n\n" * 9, (), "every word has the tag 'X'; a tagger needs two or more"),
    ],
)
def test_bad_input(
    elman: Elman, data: Path, text: str, options: tuple[str, ...], message: str
) -> None:
    data.write_text(text)
    done = elman("train", "tag", data, "--out", "run", *options, *SMALL)
    assert done.code == 2 and message in done.err and "Traceback" not in done.err
    assert not Path("run").exists()


def test_a_tag_that_was_never_learned(elman: Elman, data: Path, tmp_path: Path) -> None:
    (tmp_path / "other.conll").write_text("a B-PER\n\nb B-ORG\n")
    assert elman("train", "tag", data, "--out", "run", *SMALL).code == 0
    done = elman("eval", "run", "other.conll")
    assert done.code == 2 and "other.conll, line 3: the tag 'B-ORG' is not in the" in done.err
