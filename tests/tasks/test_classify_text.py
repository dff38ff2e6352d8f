"""Predictions as lines, JSON, CSV and colours."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from elman._config import load_config
from elman.data.tokenizer import ByteTokenizer, CharTokenizer, WordTokenizer
from elman.tasks.classify_config import ClassifyPredict
from elman.tasks.classify_text import Prediction, Why, pieces_of, written

FOUND = [
    Prediction('so "good",\x1b[31m\nyes', "up", {"down": 0.25, "up": 0.75}),
    Prediction("", "down", {"down": 0.6, "up": 0.4}),
]
REASON = Why("up", [("so", -0.1), ("good", 1.5), (",", 0.01)], 1.1, -0.31, 0.0)


def lines(why: bool = False, color: bool = False, **options: Any) -> list[str]:
    read = load_config(ClassifyPredict, None, options)
    explain = (lambda text, label: REASON) if why else None
    return list(written(FOUND, ["down", "up"], read, explain, color))


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


def test_pieces_are_the_words_as_written() -> None:
    assert pieces_of(WordTokenizer(["good"], "plain", True), "Good  dog!") == ["Good", "dog", "!"]
    assert pieces_of(CharTokenizer("ab"), "abc") == ["a", "b", "<unk>"]
    assert pieces_of(ByteTokenizer(), "né") == ["n", "\\xc3", "\\xa9"]
