from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from elman.tasks.regress.config import RegressPredict
from elman.tasks.regress.output import Answer, written

SURE = [Answer("a, b", 1.25, 0.5), Answer("c", -3e-7, 0.1)]


def text(answers: list[Answer], *, normal: bool, **options: Any) -> str:
    return "".join(written(answers, RegressPredict(**options), normal=normal))


def test_csv_has_numbers_and_where_they_should_be() -> None:
    rows = list(csv.DictReader(io.StringIO(text(SURE, normal=True, format="csv"))))
    assert [row["input"] for row in rows] == ["a, b", "c"]
    assert float(rows[0]["number"]) == 1.25 and float(rows[1]["number"]) == -3e-7
    assert float(rows[0]["low"]) == pytest.approx(1.25 - 0.5 * 1.6449, abs=1e-3)
    plain = text([Answer("a", 2.0)], normal=False, format="csv")
    assert plain == "number,input\n2,a\n"


def test_json_is_an_object_a_line() -> None:
    lines = [json.loads(line) for line in text(SURE, normal=True, format="json").splitlines()]
    assert lines[0]["number"] == 1.25 and lines[0]["deviation"] == 0.5
    assert lines[0]["interval_90"][0] < 1.25 < lines[0]["interval_90"][1]
    assert json.loads(text([Answer("a", 2.0)], normal=False, format="json")) == {
        "number": 2.0,
        "input": "a",
    }


def test_a_stream_says_where_it_is() -> None:
    arriving = [Answer("-", 1.0, None, "0.5"), Answer("-", 2.0, None, "1.0")]
    assert text(arriving, normal=False, stream=True) == "0.5\t1\n1.0\t2\n"
    table = text(arriving, normal=False, stream=True, format="csv").splitlines()
    assert table[:2] == ["at,number,input", "0.5,1,-"]
