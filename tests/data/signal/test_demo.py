from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman.data.signal.config import SignalLayout
from elman.data.signal.demo import (
    ACTIVITIES,
    DIGITS,
    FIGURES,
    daily_life,
    digit_rows,
    gestures,
    pendulums,
)
from elman.data.signal.read import read_recordings


def read(path: Path, text: str, *, steps: bool = False):  # type: ignore[no-untyped-def]
    path.write_text(text)
    return read_recordings(str(path), SignalLayout(), labelled=True, steps=steps)


def test_gestures_are_recordings_of_people(tmp_path: Path) -> None:
    text = "".join(gestures(people=2, takes=2))
    assert text == "".join(gestures(people=2, takes=2))
    found = read(tmp_path / "a.csv", text)
    assert found.channels == ("x", "y", "z") and len(found) == 2 * 2 * len(FIGURES)
    assert {item.group for item in found} == {"1", "2"}
    assert {str(item.labels[0]) for item in found} == set(FIGURES)


def test_daily_life_has_a_label_in_each_row(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "".join(daily_life(people=3, minutes=1)), steps=True)
    assert len(found) == 3 and all(len(item.labels) == len(item) for item in found)
    assert {str(label) for item in found for label in item.labels} <= set(ACTIVITIES)


def test_pendulums_swing_as_long_as_they_are(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "".join(pendulums(40)))
    assert len(found) == 40 and any(np.isnan(item.values).any() for item in found)
    for item in list(found)[:5]:
        length, times = float(item.labels[0]), item.times
        there = ~np.isnan(item.values[:, 0])
        assert times is not None
        t, y = times[there], item.values[there, 0]

        def fit(metres: float, t: np.ndarray = t, y: np.ndarray = y) -> float:
            swing = np.sqrt(9.81 / metres) * t
            basis = np.stack([np.cos(swing), np.sin(swing), t * np.cos(swing), t * np.sin(swing)])
            return float(np.linalg.lstsq(basis.T, y, rcond=None)[1][0])

        grid = np.geomspace(0.2, 2.5, 400)
        assert grid[int(np.argmin([fit(m) for m in grid]))] == pytest.approx(length, rel=0.05)


def test_digits_are_eight_rows_of_eight(tmp_path: Path) -> None:
    if DIGITS.folder() is None:
        pytest.skip("scikit-learn is not installed")
    found = read(tmp_path / "a.csv", "".join(digit_rows()))
    assert len(found) == 1797 and {len(item) for item in found} == {8}
    assert len(found.channels) == 8
