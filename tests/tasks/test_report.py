"""A report reads the same as text and as JSON."""

from __future__ import annotations

import json
import math

import pytest

from elman.tasks.report import Column, Figure, Report, Table, aligned

FIGURES = (Figure("accuracy", 0.9125, "%", 1), Figure("nats", 0.25), Figure("examples", 1234))
CLASSES = Table(
    "by class",
    (Column("class"), Column("F1", "%", 1), Column("examples")),
    (("spam", 0.5, 10), ("not spam", math.nan, 2)),
)
REPORT = Report(
    "test part",
    FIGURES,
    {"majority class": {"accuracy": 0.5}, "bag of words": {"accuracy": 0.85, "nats": 0.4}},
    (CLASSES,),
    ("2 labels were not seen in training.",),
)


def test_text_shows_every_figure_beside_its_baselines() -> None:
    assert REPORT.text() == (
        "test part\n"
        "          this network  majority class  bag of words\n"
        "accuracy        91.2 %          50.0 %        85.0 %\n"
        "nats             0.250               -         0.400\n"
        "examples         1,234               -             -\n"
        "\n"
        "by class\n"
        "class         F1  examples\n"
        "spam      50.0 %        10\n"
        "not spam       -         2\n"
        "\n"
        "2 labels were not seen in training."
    )


def test_without_baselines_there_is_no_heading() -> None:
    report = Report("valid part", FIGURES[:1])
    assert report.text() == "valid part\naccuracy  91.2 %"


def test_json_holds_plain_numbers() -> None:
    found = json.loads(json.dumps(REPORT.to_dict(), allow_nan=False))
    assert found["figures"] == {"accuracy": 0.9125, "nats": 0.25, "examples": 1234}
    assert found["baselines"]["bag of words"] == {"accuracy": 0.85, "nats": 0.4}
    assert found["tables"][0]["columns"] == ["class", "F1", "examples"]
    assert found["tables"][0]["rows"] == [["spam", 0.5, 10], ["not spam", None, 2]]


def test_a_figure_is_found_by_name() -> None:
    assert REPORT["accuracy"] == 0.9125
    with pytest.raises(KeyError, match="BLEU"):
        REPORT["BLEU"]


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (Column("a", "%", 2), 0.12345, "12.35 %"),
        (Column("a", "%", 0), 1, "100 %"),
        (Column("a", "nats"), 1.5, "1.500 nats"),
        (Column("a", "sentences/s", 0), 1234.5, "1,234 sentences/s"),
        (Column("a"), 1234567, "1,234,567"),
        (Column("a"), None, "-"),
        (Column("a"), math.inf, "inf"),
        (Column("a", "%"), "words", "words"),
    ],
)
def test_values_are_written_for_people(column: Column, value: object, text: str) -> None:
    assert column.show(value) == text


def test_wide_letters_are_aligned_and_control_characters_harmless() -> None:
    assert aligned([["正", "1"], ["abc", "2"]]) == ["正   1", "abc  2"]
    assert Column("a").show("a\x1b[31m\nb") == "a·[31m b"
