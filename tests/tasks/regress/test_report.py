from __future__ import annotations

import numpy as np
import pytest

from elman.data.signal.config import SignalFeatures
from elman.data.signal.recording import Recording, Recordings
from elman.tasks.regress.data import Numbered, Told
from elman.tasks.regress.report import baseline_scores, by_size, report_of
from tests.data.signal import made


def numbered(slopes: np.ndarray, seed: int) -> Numbered:
    rng = np.random.default_rng(seed)
    items = []
    for k, slope in enumerate(slopes):
        steps = int(rng.integers(5, 9))
        values = np.linspace(0, slope, steps)[:, None] + rng.normal(0, 1e-3, (steps, 1))
        items.append(Recording(f"r{k}", values, labels=np.array([repr(float(slope))], object)))
    return Numbered.of(Recordings(("x",), items))


def test_a_plain_slope_is_told_by_the_linear_baselines() -> None:
    rng = np.random.default_rng(0)
    train, valid, test = (numbered(rng.normal(size=40), seed) for seed in range(3))
    scale = made.encoder(train.recordings).scale
    found = baseline_scores(train, valid, test, scale, SignalFeatures())
    assert found["mean"]["R2"] < 0.01
    assert found["summary, linear"]["R2"] > 0.99 and found["16 steps, linear"]["R2"] > 0.99


def test_the_table_says_where_it_is_wrong() -> None:
    true = np.arange(10.0)
    table = by_size(true, np.where(true < 2, true + 1, true))
    assert len(table.rows) == 5 and table.rows[0] == ("0 to 1", 2, 1.0, 1.0)
    assert table.rows[1][2:] == (0.0, 0.0)


def test_the_report_stands_beside_the_baselines() -> None:
    true = np.array([1.0, 2.0, 3.0])
    report = report_of("some", true, Told(true + 0.5, np.ones(3)), {"mean": {"MAE": 2 / 3}})
    assert report["MAE"] == pytest.approx(0.5) and "inside 90 % interval" in report.text()
    assert report.baselines["mean"]["MAE"] == pytest.approx(2 / 3)
