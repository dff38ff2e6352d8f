"""The report of a backtest: our figures beside the baselines', by step and by series."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elman.tasks.forecast.baselines import LastValue, SeasonalNaive
from elman.tasks.forecast.report import by_step, evaluation, figures
from elman.tasks.forecast.scores import Scores
from tests.tasks.forecast.made import PROBABILITIES, plan, series, series_set, waves


def test_baselines_on_the_same_folds() -> None:
    many = [series(waves(150, 12, k), f"s{k}") for k in range(3)]
    found = plan(series_set(*many, season=12), 6, 24)
    method = SeasonalNaive(12, PROBABILITIES)
    report = evaluation(found, method, "test part of a", with_baselines=True)
    names = [figure.name for figure in report.figures]
    assert names[:5] == ["MASE", "sMAPE", "OWA", "CRPS", "inside 80 % interval"]
    ours = {figure.name: figure.value for figure in report.figures}
    assert report.baselines["seasonal naive"] == ours  # the same method, the same folds
    assert report.baselines["Naive2"]["OWA"] == 1.0
    assert report.baselines["last value"]["MASE"] > ours["MASE"]  # type: ignore[operator]
    steps, worst = report.tables
    assert [row[0] for row in steps.rows] == [1, 2, 3, 4, 5, 6]
    assert len(steps.columns) == 1 + 1 + 5
    assert {row[0] for row in worst.rows} == {"s0", "s1", "s2"}
    errors = [row[1] for row in worst.rows]
    assert errors == sorted(errors, reverse=True)
    assert report.notes[0] == "12 forecasts of 6 steps"
    assert "a season of 12 steps" in report.notes[1] and report.notes[2].startswith("CRPS")
    json.dumps(report.to_dict())
    assert "exponential smoothing" in report.text()


def test_alone_there_is_no_owa_and_one_series_is_not_listed() -> None:
    found = plan(series_set(series(waves(60))), 6, 12)
    report = evaluation(found, LastValue(1, PROBABILITIES), "a", notes=["seen"])
    assert "OWA" not in {figure.name for figure in report.figures}
    assert len(report.tables) == 1 and not report.baselines and not report.pictures
    assert report.notes[-1] == "seen"


def test_what_has_no_figure_is_told() -> None:
    still = np.ones(40)
    mask = np.ones(40, bool)
    mask[38] = False
    many = series_set(series(still, "still"), series(waves(40), "a", mask=mask))
    report = evaluation(plan(many, 4, 4), LastValue(1, PROBABILITIES), "a")
    assert report.notes[3:] == (
        "series that never changed over a season, and so have no MASE: 1",
        "values that were never observed, and so are not scored: 1",
    )
    assert [row[0] for row in report.tables[1].rows] == ["a"]


def test_targets_are_listed_where_there_are_several() -> None:
    both = np.stack([waves(60, 12, 1), np.ones(60)], 1)
    found = plan(series_set(series(both), targets=("u", "v")), 4, 8)
    by_target = evaluation(found, LastValue(1, PROBABILITIES), "a").tables[1]
    assert by_target.title == "by target, standardised"
    (u, mae, mse), (v, *nothing) = by_target.rows
    assert (u, v) == ("u", "v") and mae > 0 and mse > 0 and np.isnan(nothing).all()  # type: ignore[operator, arg-type]


def test_long_horizons_are_shown_in_part() -> None:
    scores = Scores(1, 96, PROBABILITIES)
    rows = by_step(scores, {}).rows
    assert len(rows) == 12 and rows[0][0] == 1 and rows[-1][0] == 96


def test_points_alone_have_no_crps() -> None:
    names = [figure.name for figure in figures(Scores(1, 2, [0.5]), None)]
    assert "CRPS" not in names and "MAE" in names


def test_pictures_are_drawn_when_asked() -> None:
    pytest.importorskip("matplotlib")
    many = [series(waves(90, 12, k), f"s{k}") for k in range(8)]
    found = plan(series_set(*many, season=12), 6, 12)
    report = evaluation(found, LastValue(1, PROBABILITIES), "a", pictures=True)
    assert [one.title for one in report.pictures] == ["Forecasts", "Error by step ahead"]
    assert all(one.image.startswith(b"\x89PNG") for one in report.pictures)
