"""Predictions as lines, JSON, CSV and colours."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import numpy as np
import pytest

from elman._config import load_config
from elman.tasks.classify.config import ClassifyPredict
from elman.tasks.classify.output import Prediction, Why, running, written

FOUND = [
    Prediction('so "good",\x1b[31m\nyes', "up", {"down": 0.25, "up": 0.75}),
    Prediction("", "down", {"down": 0.6, "up": 0.4}),
]
REASON = Why("up", [("so", -0.1), ("good", 1.5), (",", 0.01)], 1.1, -0.31, 0.0)


def lines(why: bool = False, color: bool = False, **options: Any) -> list[str]:
    read = load_config(ClassifyPredict, None, options)
    reasons = [REASON if why and found.text else None for found in FOUND]
    found = zip(FOUND, reasons, strict=True)
    return list(written(found, ["down", "up"], read, color))


def test_text_is_a_line_without_control_characters() -> None:
    assert lines() == ['up\t75.0%\tso "good",·[31m yes\n', "down\t60.0%\t\n"]


def test_json_has_all_probabilities_and_reasons() -> None:
    first, second = map(json.loads, lines(why=True, format="json"))
    assert first["probabilities"] == {"down": 0.25, "up": 0.75} and first["label"] == "up"
    assert first["why"]["tokens"] == [["so", -0.1], ["good", 1.5], [",", 0.01]]
    assert first["why"]["log_odds"] == 1.1 and "why" not in second  # nothing to explain


def test_csv_comes_back() -> None:
    rows = list(csv.reader(io.StringIO("".join(lines(format="csv")), newline="")))
    assert rows[0] == ["label", "probability", "down", "up", "text"]
    assert rows[1] == ["up", "0.75", "0.25", "0.75", 'so "good",\x1b[31m\nyes']
    assert len(rows) == 3


def test_without_colour_contributions_are_numbers() -> None:
    assert lines(why=True)[0].splitlines() == [
        "up 75.0%  down 25.0%",
        "so(-0.10) good(+1.50) ,(+0.01)",
        "log-odds of up: -0.31 before reading, +1.10 after",
    ]


def test_colours_are_green_for_and_red_against() -> None:
    shown = lines(why=True, color=True)[0].splitlines()[1]
    codes = dict(re.findall(r"\x1b\[37;48;2;(\d+;\d+;\d+)m(\w+)", shown))
    assert {word: code for code, word in codes.items()} == {"so": "50;0;0", "good": "0;190;0"}
    assert re.sub(r"\x1b\[[\d;]*m", "", shown) == "so good ,"


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_what_is_arriving_is_told_step_by_step(form: str) -> None:
    steps = [("1\n", np.array([0.25, 0.75])), ("2", np.array([0.9, 0.1]))]
    read = load_config(ClassifyPredict, None, {"format": form, "stream": True})
    pieces = list(running("a.csv", steps, ["down", "up"], read, "input"))
    if form == "text":
        assert pieces == ["1⏎\tup\t75.0%\n", "2\tdown\t90.0%\n"]
    elif form == "json":
        first, second = map(json.loads, pieces)
        assert first["at"] == "1\n" and first["label"] == "up" and first["input"] == "a.csv"
        assert second["probabilities"] == {"down": 0.9, "up": 0.1}
    else:
        rows = list(csv.reader(io.StringIO("".join(pieces), newline="")))
        assert rows[0] == ["at", "label", "probability", "down", "up", "input"]
        assert rows[2] == ["2", "down", "0.9", "0.9", "0.1", "a.csv"]
