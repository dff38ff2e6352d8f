from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.tasks.regress.targets import TargetScale, is_target_scale, scores_of


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_scaling_is_undone(numbers: list[float]) -> None:
    true = np.array(numbers)
    if true.std() <= 1e-9 * max(1.0, np.abs(true).max()):
        return
    scale = TargetScale.learn(true, "a.csv")
    scaled = scale.apply(true)
    assert abs(scaled.mean()) < 1e-6 and scaled.std() == pytest.approx(1.0)
    np.testing.assert_allclose(scale.undo(scaled), true, atol=1e-6 * (1 + np.abs(true).max()))


def test_one_number_alone_teaches_nothing() -> None:
    with pytest.raises(DataError, match="every recording has the number 3"):
        TargetScale.learn(np.full(5, 3.0), "a.csv")


def test_scores_against_their_definitions() -> None:
    true, told = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0])
    found = scores_of(true, told)
    assert found["MAE"] == 1 and found["RMSE"] == pytest.approx(math.sqrt(5 / 3))
    assert found["R2"] == pytest.approx(1 - 5 / ((true - true.mean()) ** 2).sum())
    assert scores_of(true, np.full(3, true.mean()))["R2"] == pytest.approx(0)
    assert math.isnan(scores_of(np.ones(3), told)["R2"])


def test_a_distribution_is_scored_by_its_likelihood_and_its_interval() -> None:
    rng = np.random.default_rng(0)
    deviation = rng.uniform(0.5, 2.0, 20_000)
    told = rng.normal(size=20_000)
    true = told + deviation * rng.normal(size=20_000)
    found = scores_of(true, told, deviation)
    wanted = np.log(deviation).mean() + 0.5 * math.log(2 * math.pi) + 0.5
    assert found["nats"] == pytest.approx(wanted, abs=0.02)
    assert found["inside 90 % interval"] == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mean": 0.0, "deviation": 0.0},
        {"mean": float("nan"), "deviation": 1.0},
        {"mean": "0", "deviation": 1.0},
        {"mean": True, "deviation": 1.0},
    ],
)
def test_what_is_no_scale_is_refused(wrong: dict[str, object]) -> None:
    assert is_target_scale({"mean": 1, "deviation": 2.5})
    assert not is_target_scale(wrong)
