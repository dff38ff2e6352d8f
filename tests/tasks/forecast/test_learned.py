"""What a run keeps of its data: learned from the training part alone, and read as untrusted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.series.frequency import Frequency
from elman.data.series.read import read_series
from elman.data.series.series import Series, SeriesSet
from elman.tasks.forecast.config import ForecastTask
from elman.tasks.forecast.learned import Learned, learn, units_from
from elman.tasks.forecast.training import split_for
from tests.tasks.forecast.trained import config, table

COLUMNS = {"known": ["price"], "past": ["rain"], "static": ["shop"]}


def learned_of(folder: Path, **tables: Any) -> tuple[ForecastTask, SeriesSet, Learned]:
    task = config(table(folder / "a.csv", columns=True), **{"series": COLUMNS, **tables})
    found = read_series(task.data, task.series)
    split, lookback = split_for(task, found)
    return task, found, learn(task, split, lookback, found.fingerprint)


def test_scales_are_those_of_the_training_part(tmp_path: Path) -> None:
    _, found, learned = learned_of(tmp_path)
    cut = 120 - 12 - 12
    for series in found.series:
        units = learned.units[series.unique_id]
        np.testing.assert_allclose(units.centre, series.y[:cut].mean(0))
        np.testing.assert_allclose(units.scale, series.y[:cut].std(0))
    price = np.concatenate([series.known[:cut, 0] for series in found.series])
    assert learned.spread["price"] == pytest.approx((price.mean(), price.std()))


def test_features_and_what_is_prepared_have_the_same_sizes(tmp_path: Path) -> None:
    _, found, learned = learned_of(tmp_path)
    sizes = learned.features
    assert (sizes.known, sizes.past, sizes.categories) == (6 + 1, 1, (3,))
    prepared = learned.prepared(found.series[1])
    assert prepared.known.shape == (120, 7)
    assert prepared.past.shape == (120, 1)
    assert prepared.categories.tolist() == [2]
    back = learned.carried_back(prepared.y.astype(float), prepared.units)
    np.testing.assert_allclose(back, found.series[1].y, rtol=1e-5)


def test_a_new_series_has_its_own_scale_and_unknown_words(tmp_path: Path) -> None:
    _, found, learned = learned_of(tmp_path)
    new = replace(
        found.series[1], unique_id="c", static={"shop": "elsewhere"}, y=7 * found.series[1].y
    )
    prepared = learned.prepared(new)
    assert prepared.categories.tolist() == [0]
    assert abs(float(prepared.y.mean())) < 1e-5
    assert float(prepared.y.std()) == pytest.approx(1, abs=1e-5)


def test_what_is_known_in_advance_must_reach_far_enough(tmp_path: Path) -> None:
    _, found, learned = learned_of(tmp_path)
    cut = found.series[0].until(100, 4)
    assert learned.prepared(cut, 4).known.shape == (104, 7)
    with pytest.raises(DataError, match="price is known for 4 steps after it; 6 are"):
        learned.prepared(cut, 6)


def test_logarithms_come_back(tmp_path: Path) -> None:
    _, found, learned = learned_of(tmp_path, window={"log": True})
    prepared = learned.prepared(found.series[0])
    np.testing.assert_allclose(
        learned.carried_back(prepared.y.astype(float), prepared.units), found.series[0].y, rtol=1e-5
    )
    y = found.series[0].y.copy()
    y[7] = -1
    with pytest.raises(DataError, match="y is -1 at 2024-01-01 07:00.*above zero"):
        learned.prepared(replace(found.series[0], y=y))
    mask = found.series[0].mask.copy()
    mask[7] = False
    assert np.isfinite(learned.prepared(replace(found.series[0], y=y, mask=mask)).y).all()


def test_counts_are_counts(tmp_path: Path) -> None:
    none = np.zeros((3, 0))
    learned = replace(learned_of(tmp_path)[2], counts=True, known=(), past=(), words={})
    with pytest.raises(DataError, match=r"1\.5 .*counts are 0, 1, 2"):
        learned.prepared(Series("x", np.arange(3), np.array([[1], [1.5], [2]]), none, none))


def test_other_steps_and_columns_are_refused(tmp_path: Path) -> None:
    _, found, learned = learned_of(tmp_path)
    learned.check(found)
    with pytest.raises(DataError, match="step of h and a season of 24 steps; these have .* D"):
        learned.check(replace(found, frequency=Frequency("D")))
    with pytest.raises(DataError, match="columns known up to now: trained on rain"):
        learned.check(replace(found, past_names=("snow",)))


@pytest.mark.parametrize(
    ("scaling", "centre", "scale"), [("standard", 2.0, 2.0), ("mean", 0.0, 2.0), ("none", 0.0, 1.0)]
)
def test_units(scaling: str, centre: float, scale: float) -> None:
    y, mask = np.array([[0.0], [4.0], [900.0]]), np.array([True, True, False])
    units = units_from(y, mask, scaling)
    assert (units.centre.tolist(), units.scale.tolist()) == ([centre], [scale])
    flat = units_from(np.full((3, 1), 5.0), mask, "standard")
    assert (flat.centre.tolist(), flat.scale.tolist()) == ([5.0], [1.0])


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    _, _, learned = learned_of(tmp_path)
    again = Learned.from_content(json.loads(learned.to_json()))
    assert again.to_json() == learned.to_json()
    assert again.features == learned.features


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lookback", -1),
        ("lookback", "8"),
        ("targets", []),
        ("targets", "y"),
        ("scaling", "wild"),
        ("log", 1),
        ("frequency", {"unit": "h", "multiple": 0}),
        ("frequency", {"unit": "h", "evil": 0}),
        ("frequency", {"unit": "eon"}),
        ("units", {"a": [[1.0], [0.0]]}),
        ("units", {"a": [[1.0, 2.0], [1.0, 2.0]]}),
        ("units", {"a": [["nan"], [1.0]]}),
        ("spread", {"price": [0.0, 0.0], "rain": [0.0, 1.0]}),
        ("spread", {}),
        ("words", []),
    ],
)
def test_a_file_that_is_not_sound_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    content = json.loads(learned_of(tmp_path)[2].to_json())
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        Learned.from_content({**content, key: value})
