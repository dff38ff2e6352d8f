from __future__ import annotations

import json
from pathlib import Path

import pytest

from elman._errors import RunError
from elman.tasks.translate.config import TranslatePredict
from elman.tasks.translate.output import attention_file, written
from elman.tasks.translate.task import TranslateRun
from elman.tasks.translate.translations import Translation

FOUND = [
    ("a", [Translation("x\ny", -1.0, -0.5, [1]), Translation("z", -2.0, -1.0, [2])]),
    ("", [Translation("", 0.0, 0.0, [])]),
]


def test_a_line_for_each_line() -> None:
    assert list(written(FOUND, TranslatePredict())) == ["x y\n", "\n"]


def test_the_n_best_with_their_scores() -> None:
    lines = list(written(FOUND, TranslatePredict(beam=2, nbest=2)))
    assert lines == ["1\t1\t-0.5000\tx y\n", "1\t2\t-1.0000\tz\n", "2\t1\t0.0000\t\n"]


def test_json_holds_everything() -> None:
    records = [json.loads(line) for line in written(FOUND, TranslatePredict(format="json"))]
    assert records[0]["source"] == "a"
    assert records[0]["translations"][1] == {"text": "z", "score": -1.0, "log_prob": -2.0}


def test_the_page_is_written_whole(numbers: TranslateRun, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    said: list[str] = []
    options = TranslatePredict(html=str(page))
    numbers.predict(iter(["1 2", "", "3"]), options, said.append, False)
    assert said == ["one two\n", "\n", "three\n"]
    assert page.read_text().count("<table>") == 2
    plain: list[str] = []
    numbers.predict(iter(["1 2", "", "3"]), TranslatePredict(), plain.append, False)
    assert plain == said


def test_a_folder_that_is_not_there_is_found_first(numbers: TranslateRun, tmp_path: Path) -> None:
    path = tmp_path / "none" / "page.html"
    with (
        pytest.raises(RunError, match="cannot write .*its folder is not there"),
        attention_file(path, numbers.model, numbers.vocabularies),
    ):
        pytest.fail("nothing is translated")
