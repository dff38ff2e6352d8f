"""What an evaluation of a regressor tells, and what simple methods reach on the same split."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from elman.data.signal.config import SignalFeatures
from elman.data.signal.normalise import Scale
from elman.data.signal.summary import at_steps, summaries
from elman.models.linear_baseline import RidgeRegression
from elman.tasks.regress.data import Numbered, Told
from elman.tasks.regress.targets import Floats, scores_of
from elman.tasks.report import Column, Figure, Report, Table

__all__ = ["baseline_scores", "report_of"]

PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Of the linear regressions; the one that is best on the validation part is taken."""
FIFTHS = 5
"""Parts that the true numbers are cut into, for the table."""


def report_of(
    title: str, true: NDArray[np.float64], told: Told, beside: Mapping[str, Mapping[str, float]]
) -> Report:
    """Return the report of a regressor.

    Args:
        title: What was scored.
        true: The true numbers, ``(N,)``.
        told: What the network says.
        beside: Scores of simple methods, by name.
    """
    found = scores_of(true, told.mean, told.deviation)
    figures = tuple(
        Figure(name, value, "%", 1) if name.startswith("inside") else Figure(name, value, digits=4)
        for name, value in found.items()
    )
    return Report(title, figures, beside, (by_size(true, told.mean),))


def by_size(true: NDArray[np.float64], told: Floats) -> Table:
    """Return how wrong small and large numbers are told."""
    order = np.argsort(true, kind="stable")
    rows = []
    for part in np.array_split(order, min(FIFTHS, len(order))):
        error = told[part] - true[part]
        span = f"{true[part[0]]:.4g} to {true[part[-1]]:.4g}"
        rows.append((span, len(part), float(np.abs(error).mean()), float(error.mean())))
    columns = (Column("true"), Column("recordings"), Column("MAE", digits=4),
               Column("told too high by", digits=4))  # fmt: skip
    return Table("by size of the number", columns, tuple(rows))


def baseline_scores(
    train: Numbered, valid: Numbered, scored: Numbered, scale: Scale, features: SignalFeatures
) -> dict[str, dict[str, float]]:
    """Return what the mean, and linear regression on simple features, reach.

    Args:
        train: What they learn from.
        valid: What their penalty is chosen on; may be empty.
        scored: What is told.
        scale: Of the channels.
        features: What the network sees.
    """
    true = scored.numbers
    found = {"mean": scores_of(true, np.full(len(true), train.numbers.mean()))}
    for name, features_of in (("summary, linear", summaries), ("16 steps, linear", at_steps)):
        rows = [features_of(part.recordings, scale, features) for part in (train, valid, scored)]
        models = [RidgeRegression(p).fit(rows[0], train.numbers[:, None]) for p in PENALTIES]

        def wrong(model: RidgeRegression, x: NDArray[np.float64] = rows[1]) -> float:
            return float(((model.predict(x)[:, 0] - valid.numbers) ** 2).mean())

        best = min(models, key=wrong) if len(valid) else models[1]
        found[name] = scores_of(true, best.predict(rows[2])[:, 0])
    return found
