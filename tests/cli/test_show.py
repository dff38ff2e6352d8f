from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from elman.cli import show
from elman.tasks.language_model.task import Score


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_is_drawn_only_for_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    for patience, drawn in ((0.0, True), (1e9, False)):
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(show, "PATIENCE_S", patience)
        with show.progress_bar() as report:
            report(1, 2, "tokens")
            report(2, 2, "tokens")
        assert ("tokens" in screen.getvalue()) == drawn


def test_no_bar_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "PATIENCE_S", 0.0)
    with show.progress_bar() as report:
        report(1, 2, "tokens")
    assert capsys.readouterr().err == ""


def test_score_table_shows_all_units() -> None:
    text = io.StringIO()
    scores = [Score("net", 0.693147, 100, 50), Score("other", 2 * 0.693147, 100, 50)]
    Console(file=text, width=100).print(show.score_table(scores))
    net, other = text.getvalue().splitlines()[1:]
    assert net.split()[:4] == ["net", "0.6931", "2.000", "2.00"]
    assert other.count("█") == 2 * net.count("█") == 24


@pytest.mark.parametrize("part", [0.0, 0.01, 0.33, 0.999, 1.0])
def test_bar_is_never_longer_than_its_width(part: float) -> None:
    assert abs(len(show.bar(part, 10)) - 10 * part) <= 1
