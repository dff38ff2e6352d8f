"""Letters as high as they matter: every letter is drawn in its place, long sequences as bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman.tasks import letter_pictures
from elman.tasks.letter_pictures import Letters, draw_bars, draw_letters, letter_picture, ticks

matplotlib = pytest.importorskip("matplotlib")


def axes() -> Any:
    from elman.tasks.pictures import new_figure

    return new_figure(4, 2).subplots()


def test_a_letter_is_as_high_as_its_value() -> None:
    drawn = axes()
    values = np.array([1.0, -2.0, 0.5, 0.0])
    draw_letters(drawn, Letters("ACGN", values, ""))
    assert len(drawn.patches) == 4
    for place, (patch, value) in enumerate(zip(drawn.patches, values, strict=True)):
        box = patch.get_path().get_extents()
        assert (box.y0, box.y1) == pytest.approx((min(0, value), max(0, value)), abs=1e-9)
        assert box.x0 == pytest.approx(place + 0.55) and box.x1 == pytest.approx(place + 1.45)


def test_a_long_sequence_is_drawn_as_sums() -> None:
    drawn, values = axes(), np.random.default_rng(0).standard_normal(5000)
    draw_bars(drawn, Letters("A" * 5000, values, ""))
    heights = [bar.get_height() for bar in drawn.patches]
    assert len(heights) == 1000
    np.testing.assert_allclose(heights[:2], [values[:5].sum(), values[5:10].sum()])


def test_places_are_numbered_from_one() -> None:
    assert ticks(60) == [1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]
    assert ticks(3) == [1] and len(ticks(120)) <= 15


def test_a_picture_is_an_image() -> None:
    rows = [
        Letters("ACGTN" * 4, np.linspace(-1, 1, 20), "exon, 99 % sure"),
        Letters("A" * 300, np.ones(300), "intron, 51 % sure"),
        Letters("A", np.zeros(1), "nothing"),
    ]
    found = letter_picture("What speaks", rows, "so high")
    assert found.image.startswith(b"\x89PNG") and found.caption == "so high"


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from elman._errors import ConfigError

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(letter_pictures.importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=r"pip install 'elman\[plot\]'"):
        letter_pictures.module("matplotlib.patches")
