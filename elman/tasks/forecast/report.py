"""What a backtest tells: figures beside those of the baselines, step by step, series by series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from elman.data.series.series import SeriesSet
from elman.tasks.forecast.backtest import Backtest, Forecaster, Kept
from elman.tasks.forecast.baselines import baselines
from elman.tasks.forecast.pictures import by_step_picture, fan_picture, panels_of
from elman.tasks.forecast.scores import Scores
from elman.tasks.report import OURS, Cell, Column, Figure, Picture, Report, Table
from elman.tasks.training import Progress
from elman.train.forecasting import owa

__all__ = ["evaluation", "report_of"]

STEPS = 12
"""Rows of the table by step ahead."""
WORST = 10
"""Series that are listed as the hardest."""
DRAWN = 6
"""Forecasts that are drawn."""
REFERENCE = "Naive2"


def evaluation(
    plan: Backtest,
    forecaster: Forecaster,
    title: str,
    *,
    with_baselines: bool = False,
    pictures: bool = False,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Backtest a method, and if asked for the baselines on the same folds.

    Args:
        plan: Which forecasts are made.
        forecaster: The method.
        title: What is scored.
        with_baselines: Also score the methods that need no network.
        pictures: Draw some forecasts, and the error by step ahead.
        notes: Remarks to be added.
        progress: Told how far the work is.
    """
    keep = DRAWN if pictures else 0
    ours, kept = replace(plan, keep=keep).run(forecaster, "forecasts", progress)
    others: dict[str, Scores] = {}
    if with_baselines:
        methods = baselines(plan.series_set.frequency.season, plan.probabilities)
        for name, method in methods.items():
            others[name], _ = plan.run(method, name, progress)
    drawn = drawings(plan, ours, others, kept) if pictures else ()
    return report_of(title, plan.series_set, ours, others, notes, drawn)


def report_of(
    title: str,
    series_set: SeriesSet,
    ours: Scores,
    others: Mapping[str, Scores],
    notes: Sequence[str] = (),
    pictures: tuple[Picture, ...] = (),
) -> Report:
    """Return the report of a backtest."""
    reference = others.get(REFERENCE)
    found = figures(ours, reference)
    tables = [by_step(ours, others)]
    if len(series_set.target_names) > 1:
        tables.append(by_target(series_set, ours))
    if len(series_set) > 1:
        tables.append(hardest(series_set, ours, others))
    return Report(
        title,
        tuple(found),
        {name: numbers(figures(one, reference)) for name, one in others.items()},
        tuple(tables),
        (*remarks(series_set, ours), *notes),
        pictures,
    )


def figures(scores: Scores, reference: Scores | None) -> list[Figure]:
    """Return the numbers of one method, the most important first."""
    found = [Figure("MASE", scores.mase), Figure("sMAPE", scores.smape, "%", 2)]
    if reference is not None:
        overall = owa(scores.smape, scores.mase, reference.smape, reference.mase)
        found.append(Figure("OWA", overall))
    if len(scores.probabilities) > 1:
        found.append(Figure("CRPS", scores.crps, "", 4))
    for level, part in scores.coverage.items():
        found.append(Figure(f"inside {level} % interval", part, "%", 1))
    found += [
        Figure("MAE", scores.mae, "", 4),
        Figure("RMSE", scores.rmse, "", 4),
        Figure("MAE, standardised", scores.z_mae, "", 4),
        Figure("MSE, standardised", scores.z_mse, "", 4),
    ]
    return found


def numbers(found: Sequence[Figure]) -> dict[str, float]:
    """Return figures by name."""
    return {figure.name: figure.value for figure in found if figure.value is not None}


def by_step(ours: Scores, others: Mapping[str, Scores]) -> Table:
    """Return the error of some steps ahead."""
    horizon = ours.count.shape[1]
    steps = sorted({round(step) for step in np.linspace(1, horizon, min(STEPS, horizon))})
    errors = [one.mase_by_step() for one in (ours, *others.values())]
    columns = (Column("step"), *(Column(name) for name in (OURS, *others)))
    rows = tuple((step, *(float(error[step - 1]) for error in errors)) for step in steps)
    return Table("MASE by step ahead", columns, rows)


def by_target(series_set: SeriesSet, ours: Scores) -> Table:
    """Return the errors of each target."""
    columns = (Column("target"), Column("MAE", digits=4), Column("MSE", digits=4))
    errors = zip(*(one.tolist() for one in ours.of_targets()), strict=True)
    rows = tuple((name, *pair) for name, pair in zip(series_set.target_names, errors, strict=True))
    return Table("by target, standardised", columns, rows)


def hardest(series_set: SeriesSet, ours: Scores, others: Mapping[str, Scores]) -> Table:
    """Return the series with the greatest errors, beside those of the best baseline."""
    errors = ours.mase_of_series()
    order = [int(k) for k in np.argsort(-errors, kind="stable") if not np.isnan(errors[k])]
    columns = [Column("series"), Column(OURS)]
    best = min(others, key=lambda name: others[name].mase, default=None)
    shown = [errors]
    if best is not None:
        columns.append(Column(best))
        shown.append(others[best].mase_of_series())
    rows = tuple(hard(series_set.series[k].unique_id, [e[k] for e in shown]) for k in order[:WORST])
    return Table("hardest series, MASE", tuple(columns), rows)


def hard(name: str, errors: Sequence[float]) -> tuple[Cell, ...]:
    """Return a row of the table of hard series."""
    return (name, *map(float, errors))


def remarks(series_set: SeriesSet, scores: Scores) -> list[str]:
    """Say how the figures are meant."""
    horizon, season = scores.count.shape[1], series_set.frequency.season
    change = f"change over a season of {season} steps" if season > 1 else "change from step to step"
    said = [
        f"{scores.forecasts:,} forecasts of {horizon:,} steps",
        f"MASE: error in units of the mean {change} in each history; standardised: in standard "
        "deviations of the training part",
    ]
    if len(scores.probabilities) > 1:
        said.append("CRPS: mean loss of all quantiles, twice, as a part of the values' size")
    still = int((scores.count.sum(1) > 0).sum() - (scores.scaled_count.sum(1) > 0).sum())
    if still:
        said.append(f"series that never changed over a season, and so have no MASE: {still:,}")
    unscored = scores.forecasts * horizon * len(series_set.target_names) - int(scores.count.sum())
    if unscored:
        said.append(f"values that were never observed, and so are not scored: {unscored:,}")
    return said


def drawings(
    plan: Backtest, ours: Scores, others: Mapping[str, Scores], kept: Sequence[Kept]
) -> tuple[Picture, ...]:
    """Return the pictures of a backtest."""
    lines = {OURS: ours.mase_by_step(), **{n: one.mase_by_step() for n, one in others.items()}}
    return (
        fan_picture(panels_of(plan, kept, DRAWN), plan.probabilities),
        by_step_picture(lines),
    )
