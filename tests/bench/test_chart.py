from __future__ import annotations

import builtins
import importlib
import xml.etree.ElementTree as ET
from types import ModuleType
from typing import Any

import pytest

from elman._errors import BackendUnavailable
from elman.bench import chart
from elman.bench.record import Record


def test_without_matplotlib_it_says_how_to_get_it(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str) -> ModuleType:
        raise ModuleNotFoundError(f"No module named '{name}'")

    monkeypatch.setattr(importlib, "import_module", find)
    with pytest.raises(BackendUnavailable, match=r"pip install 'elman\[bench\]'"):
        chart.draw(record, "png")


def test_a_png_is_drawn(record: Record) -> None:
    pytest.importorskip("matplotlib")
    assert chart.draw(record, "png").startswith(b"\x89PNG")


def test_a_drawing_is_the_same_twice_and_fetches_nothing(record: Record) -> None:
    pytest.importorskip("matplotlib")
    svg = chart.draw(record, "svg")
    assert svg == chart.draw(record, "svg")
    ET.fromstring(svg.decode())
    assert b"<script" not in svg and b"<image" not in svg


def test_an_empty_record_is_drawn_too() -> None:
    pytest.importorskip("matplotlib")
    assert chart.draw(Record({}), "png").startswith(b"\x89PNG")


def test_every_part_with_ratios_has_a_strip(record: Record) -> None:
    titles = [panel.title for make in chart.STRIPS for panel in make(record)]
    assert titles == [
        *("GRU: training", "LSTM: one step, B = 1", "Elman RNN: cost of an option"),
        *("Training the recipe's model", "Memory of a training step"),
    ]


def test_bars_are_the_ratios_with_their_targets(record: Record) -> None:
    (panel,) = chart.layer_strip("train", "training")(record)
    assert panel.groups == ("B16 T128\nI128 H128",)
    assert list(panel.bars) == ["torch.nn"]  # sgemm is a rate, not a rival
    assert panel.bars["torch.nn"][panel.groups[0]].target == 4.0
    assert chart.bounds([panel]) == (1.0, 4.0)


def test_a_missed_target_is_red(record: Record) -> None:
    seen: list[tuple[str, str]] = []

    class Axes:
        def annotate(self, text: str, *at: Any, color: str, **options: Any) -> None:
            seen.append((text, color))

        def __getattr__(self, name: str) -> Any:
            return lambda *given, **options: None

    for row, ratio in record.targets():
        chart.draw_bar(Axes(), ratio, 0.0, 0.4, chart.OTHER)
        assert row.part
    reds = [text for text, colour in builtins.list(seen) if colour == chart.RED]
    assert reds == ["0.50", "8.0", "1.20"]
