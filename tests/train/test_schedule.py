from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.train import TrainConfig
from elman.train.schedule import Schedule


@given(st.integers(0, 100), st.floats(0, 1), st.floats(0, 1), st.integers(0, 50))
def test_cosine_stays_between_its_floor_and_one(step, progress, floor, warmup):
    schedule = Schedule(TrainConfig(min_lr_ratio=floor, warmup_steps=warmup))
    factor = schedule.factor(step, progress)
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    assert rise * floor - 1e-12 <= factor <= rise + 1e-12


def test_cosine_falls_from_one_to_the_floor():
    schedule = Schedule(TrainConfig(min_lr_ratio=0.1))
    factors = [schedule.factor(0, k / 20) for k in range(21)]
    assert factors[0] == 1.0 and factors[10] == pytest.approx(0.55)
    assert factors[-1] == pytest.approx(0.1) and factors == sorted(factors, reverse=True)


def test_constant_only_warms_up():
    schedule = Schedule(TrainConfig(schedule="constant", warmup_steps=2))
    assert [schedule.factor(k, k / 4) for k in range(4)] == [0.5, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(("patience", "scales"), [(0, [1, 0.5, 0.25, 0.25]), (1, [1, 1, 0.5, 0.5])])
def test_plateau_falls_after_its_patience(patience, scales):
    config = TrainConfig(schedule="plateau", plateau_patience=patience, min_lr_ratio=0.0)
    schedule, seen = Schedule(config), []
    for nats in (3.0, 3.0, math.inf, 2.0):
        schedule.validated(nats)
        seen.append(schedule.factor(9, 0.5))
    assert seen == scales


def test_state_dict_round_trip():
    config = TrainConfig(schedule="plateau", plateau_patience=1)
    one, two = Schedule(config), Schedule(config)
    for nats in (3.0, 3.5):
        one.validated(nats)
    two.load_state_dict(one.state_dict())
    for nats in (3.2, 3.1, 2.9):
        one.validated(nats)
        two.validated(nats)
        assert one.factor(5, 0) == two.factor(5, 0) and one.state_dict() == two.state_dict()
