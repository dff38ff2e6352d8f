from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from elman._errors import ConfigError
from elman.tasks.translate.attention_page import AttentionMap, attention_map, attention_page
from elman.tasks.translate.task import TranslateRun
from tests.tasks.pairs import task_of, train, write_pairs


class Balanced(HTMLParser):
    """Checks that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "html", "p"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "p":
            assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    nasty = '<script>alert("1")</script>'
    one = AttentionMap([nasty, "b"], [nasty], np.array([[0.25, 0.75]], np.float32))
    page = "".join(attention_page([one, one]))
    parser = Balanced()
    parser.feed(page)
    assert not parser.open
    assert {"script", "link", "img"}.isdisjoint(parser.tags) and "http" not in page
    assert re.findall(r'title="([\d.]+ %)"', page) == ["25.0 %", "75.0 %"] * 2


def test_a_map_of_a_translation(numbers: TranslateRun) -> None:
    run = numbers
    ((best, *_),) = run.translate([" 1 2 "])
    one = attention_map(run.model, run.vocabularies, " 1 2 ", best)
    assert one.source == ["1", "2", "⏎"]
    assert one.weights.shape == (len(one.target), 3) and one.target[-1] == "⏎"


def test_a_model_without_attention_has_no_map(tmp_path: Path) -> None:
    data = write_pairs(tmp_path / "pairs.tsv", 60)
    task = task_of(data, model={"attention": "none"}, train={"steps": 1, "epochs": None})
    run = train(task, tmp_path / "run")
    ((best, *_),) = run.translate(["1"])
    with pytest.raises(ConfigError, match="no attention to show"):
        attention_map(run.model, run.vocabularies, "1", best)
