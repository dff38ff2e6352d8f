"""Pictures of forecasts hold what they say: past, intervals, what came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman.tasks.forecast import pictures
from elman.tasks.forecast.baselines import LastValue, SeasonalNaive
from elman.tasks.forecast.pictures import (
    Panel,
    by_step_picture,
    fan_picture,
    highest,
    panels_of,
    shortened,
    tinted,
)
from tests.tasks.forecast.made import PROBABILITIES, plan, series, series_set, waves

pytest.importorskip("matplotlib")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that are drawn."""
    drawn: list[Any] = []
    real = pictures.new_figure

    def remembered(width: float, height: float) -> Any:
        drawn.append(real(width, height))
        return drawn[-1]

    monkeypatch.setattr(pictures, "new_figure", remembered)
    return drawn


def panel(horizon: int = 5, *, dates: bool = False, actual: bool = True) -> Panel:
    times: Any = np.arange(30 + horizon)
    if dates:
        times = np.datetime64("2024-01-01", "us") + times * np.timedelta64(1, "D")
    mean = np.linspace(1, 2, horizon)
    quantiles = mean[:, None] + np.array([-2.0, -1, 0, 1, 2])
    came = mean + 0.5 if actual else None
    return Panel("a $x$", times[:30], np.ones(30), times[30:], mean, quantiles, came)


FIVE = [0.025, 0.1, 0.5, 0.9, 0.975]


def test_a_fan_has_its_intervals_and_what_came(figures: list[Any]) -> None:
    drawn = fan_picture([panel(dates=True)], FIVE)
    assert drawn.image.startswith(b"\x89PNG") and "95 % and 80 %" in drawn.caption
    (axes,) = figures[0].axes
    names = axes.get_legend_handles_labels()[1]
    assert names == ["past", "95 %", "80 %", "forecast", "what came"]
    forecast = axes.lines[1].get_ydata()
    assert forecast.tolist() == [1.0, *np.linspace(1, 2, 5)]  # begins at the last of the past
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (-1.0, 4.0)


def test_the_future_need_not_be_known(figures: list[Any]) -> None:
    fan_picture([panel(actual=False), panel(), panel()], FIVE)
    shown = [axes for axes in figures[0].axes if axes.get_visible()]
    assert len(figures[0].axes) == 4 and len(shown) == 3
    assert len(shown[0].lines) == 2 and len(shown[1].lines) == 3


def test_a_point_forecast_has_no_fan(figures: list[Any]) -> None:
    one = panel()
    plain = Panel(one.title, one.past_times, one.past, one.times, one.mean, one.quantiles[:, 2:3])
    assert fan_picture([plain], [0.5]).caption == ""
    assert not figures[0].axes[0].collections


def test_panels_show_what_was_told_and_what_came() -> None:
    y = np.stack([waves(150, 12, 1), waves(150, 12, 2)], 1)
    mask = np.ones(150, bool)
    mask[147] = False
    found = plan(series_set(series(y, mask=mask), season=12, targets=("u", "v")), 6, 6, keep=5)
    _, kept = found.run(SeasonalNaive(12, PROBABILITIES))
    u, v = panels_of(found, kept, 6)
    assert (u.title, v.title) == ("a: u", "a: v")
    assert len(u.past) == 24 and u.past[-1] == y[143, 0] and u.times.tolist() == [*range(144, 150)]
    assert (
        u.actual is not None and np.isnan(u.actual).tolist() == [False] * 3 + [True] + [False] * 2
    )
    np.testing.assert_array_equal(v.mean, y[132:138, 1])
    assert len(panels_of(found, kept, 1)) == 1
    several = plan(series_set(series(y[:, 0])), 6, 12, keep=5)
    _, kept = several.run(LastValue(1, PROBABILITIES))
    titles = [one.title for one in panels_of(several, kept, 6)]
    assert titles == ["a, after 137", "a, after 143"]


def test_errors_by_step(figures: list[Any]) -> None:
    errors = {"this network": np.array([1.0, 2.0]), "far": np.array([50.0, 90.0])}
    drawn = by_step_picture({**errors, "near": np.array([2.0, 3.0])})
    assert "Higher than the picture: far." in drawn.caption
    (axes,) = figures[0].axes
    assert axes.get_ylim() == pytest.approx((0, 1.15 * 3))
    by_step_picture({"this network": np.array([np.nan])})
    by_step_picture({"this network": np.array([0.0])})


def test_room_for_what_is_near() -> None:
    assert highest([np.array([1.0]), np.array([2.9]), np.array([3.1])]) == 2.9
    assert np.isnan(highest([np.array([np.nan])]))


def test_names_and_shades() -> None:
    assert shortened("a" * 100) == "a" * 59 + "…" and shortened("$5") == r"\$5"
    assert tinted("#ff0000", 0.0) == "#ffffff" and tinted("#0072B2", 1.0) == "#0072b2"
