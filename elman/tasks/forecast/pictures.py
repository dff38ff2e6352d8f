"""Pictures of forecasts: the past, what was told with its intervals, what came; errors by step."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.data.series.frequency import Times, time_text
from elman.data.series.series import Floats
from elman.tasks.forecast.backtest import Backtest, Kept
from elman.tasks.forecast.scores import levels
from elman.tasks.pictures import COLORS, new_figure, picture
from elman.tasks.report import Picture

__all__ = ["Panel", "by_step_picture", "fan_picture", "panels_of"]

PAST = 3
"""Horizons of the past that are drawn before a forecast."""
SHORTEST_PAST = 24
INK = "#1a1a1a"
NEAR = 3.0
"""A method this many times worse than the first one may leave the picture."""


@dataclass(frozen=True)
class Panel:
    """One forecast of one target.

    Args:
        title: What it is of.
        past_times: ``(P,)``, the last of what was known.
        past: ``(P,)``.
        times: ``(H,)``, of the forecast.
        mean: ``(H,)``.
        quantiles: ``(H, Q)``.
        actual: ``(H,)``: what came; None if nobody knows yet.
    """

    title: str
    past_times: Times
    past: Floats
    times: Times
    mean: Floats
    quantiles: Floats
    actual: Floats | None = None


def panels_of(plan: Backtest, kept: Sequence[Kept], most: int) -> list[Panel]:
    """Return forecasts of a backtest to be drawn; of a single series, its targets."""
    panels = []
    names = plan.series_set.target_names
    several = len({index for (index, _), _ in kept}) < len(kept)
    for target, name in enumerate(names):
        for (index, step), told in kept:
            series, horizon = plan.series_set.series[index], plan.horizon
            past = slice(max(0, step - max(PAST * horizon, SHORTEST_PAST)), step)
            ahead = slice(step, step + horizon)
            seen = np.where(series.mask[ahead], series.y[ahead, target], np.nan)
            title = series.unique_id if len(names) == 1 else f"{series.unique_id}: {name}"
            panels.append(
                Panel(
                    f"{title}, after {time_text(series.ds[step - 1])}" if several else title,
                    series.ds[past],
                    series.y[past, target],
                    series.ds[ahead],
                    told.mean[:, target],
                    told.quantiles[:, :, target],
                    seen,
                )
            )
    return panels[:most]


def fan_picture(panels: Sequence[Panel], probabilities: Sequence[float]) -> Picture:
    """Draw forecasts with their intervals.

    Args:
        panels: The forecasts.
        probabilities: Of their quantiles, Q of them.
    """
    columns = 1 if len(panels) == 1 else 2
    rows = -(-len(panels) // columns)
    figure = new_figure(9.5, 1.0 + (3.4 if columns == 1 else 2.4) * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        draw(axes, panel, probabilities)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    shown = [f"{level} %" for level in levels(probabilities) if level]
    caption = (
        f"Shaded: the intervals that are to hold {' and '.join(shown)} of what comes."
        if shown
        else ""
    )
    return picture("Forecasts", figure, caption)


def draw(axes: Any, panel: Panel, probabilities: Sequence[float]) -> None:
    """Draw one forecast."""
    axes.plot(panel.past_times, panel.past, color=INK, linewidth=1, label="past")
    # The forecast begins where the past ends, so that there is no hole between them.
    times = np.concatenate([panel.past_times[-1:], panel.times])
    last = panel.past[-1:]
    central = [(k, level) for k, level in enumerate(levels(probabilities)) if level]
    for place, (k, level) in enumerate(central):
        low, high = (np.concatenate([last, panel.quantiles[:, q]]) for q in (k, -1 - k))
        shade = tinted(COLORS[0], 0.16 + 0.3 * place / max(1, len(central) - 1))
        axes.fill_between(times, low, high, color=shade, linewidth=0, label=f"{level} %")
    mean = np.concatenate([last, panel.mean])
    axes.plot(times, mean, color=COLORS[0], linewidth=1.4, label="forecast")
    if panel.actual is not None:
        actual = np.concatenate([last, panel.actual])
        axes.plot(times, actual, color=COLORS[1], linewidth=1, label="what came")
    axes.set_title(shortened(panel.title), fontsize=9, loc="left")
    axes.tick_params(labelsize=8)
    axes.margins(x=0.01)
    axes.spines[["top", "right"]].set_visible(False)
    if panel.times.dtype.kind == "M":
        dates = importlib.import_module("matplotlib.dates")
        locator = dates.AutoDateLocator(minticks=3, maxticks=7)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))


def by_step_picture(errors: Mapping[str, Floats]) -> Picture:
    """Draw how errors grow with the distance.

    Args:
        errors: The MASE by step ahead, ``(H,)``, of each method; the first one stands out.
    """
    figure = new_figure(8, 3.8)
    axes = figure.add_subplot()
    for k, (name, error) in enumerate(errors.items()):
        steps = np.arange(1, len(error) + 1)
        style = {"linewidth": 2.2, "zorder": 3} if k == 0 else {"linewidth": 1.2}
        mark = "o" if len(error) == 1 else ""
        axes.plot(steps, error, color=COLORS[k % len(COLORS)], label=name, marker=mark, **style)
    axes.set_xlabel("steps ahead")
    axes.set_ylabel("MASE")
    top = 1.15 * highest(list(errors.values()))
    axes.set_ylim(0, top if np.isfinite(top) and top > 0 else None)
    axes.margins(x=0.01)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if len(errors) > 1:
        figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    gone = [name for name, error in errors.items() if np.nanmax(error, initial=0.0) > top]
    caption = f" Higher than the picture: {', '.join(gone)}." if gone else ""
    return picture("Error by step ahead", figure, "Lower is better." + caption)


def highest(errors: Sequence[Floats]) -> float:
    """Return the greatest error that is worth its room: of the first, and of what is near it."""
    means = [float(np.nanmean(error)) if np.isfinite(error).any() else np.nan for error in errors]
    near = [
        error
        for error, mean in zip(errors, means, strict=True)
        if np.isfinite(mean) and (error is errors[0] or mean <= NEAR * means[0])
    ]
    return max((float(np.nanmax(error)) for error in near), default=float("nan"))


def tinted(color: str, part: float) -> str:
    """Return a colour mixed with white.

    Example:
        >>> tinted("#000000", 0.2)
        '#cccccc'
    """
    channels = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(255 + part * (channel - 255)):02x}" for channel in channels)


def shortened(name: str, most: int = 60) -> str:
    """Return a name that fits above a panel."""
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= most else plain[: most - 1] + "…"
