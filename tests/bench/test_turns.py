from __future__ import annotations

import time
from dataclasses import replace

import pytest

from elman.bench import turns
from elman.bench.plan import Plan
from elman.bench.turns import Timing, settle, take_turns


def test_contenders_take_turns_and_the_first_changes(plan: Plan) -> None:
    said: list[str] = []

    def run(name: str) -> turns.Run:
        def call() -> None:
            said.append(name)
            time.sleep(0.03)  # longer than a slice: one call a turn

        return call

    timings = take_turns([run("a"), run("b")], replace(plan, rounds=3, budget_s=9.0))
    assert "".join(said) == "aabb" + "ab" + "ba" + "ab"
    assert all(len(timing.seconds) == 3 for timing in timings)
    assert all(timing.median >= 0.03 for timing in timings)


def test_a_short_call_fills_its_slice(plan: Plan) -> None:
    count = 0

    def call() -> None:
        nonlocal count
        count += 1
        time.sleep(0.001)

    (timing,) = take_turns([call], plan, slice_s=0.02)
    assert 5 <= count <= 30
    assert timing.median < 0.02


def test_no_round_begins_after_the_budget_is_spent(plan: Plan) -> None:
    hurried = replace(plan, rounds=50, budget_s=0.0, quick=False)
    (timing,) = take_turns([lambda: time.sleep(0.001)], hurried)
    assert len(timing.seconds) == 3


def test_a_contender_has_percentiles_in_its_unit() -> None:
    shown = Timing((1e-3, 2e-3, 3e-3)).contender("elman", scale=1e3, error=1e-7)
    assert shown.median == 2.0
    assert shown.p10 == pytest.approx(1.2) and shown.p90 == pytest.approx(2.8)
    assert shown.error == 1e-7


def test_settling_is_soon_over_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    clock = iter([0.0, 0.005, 0.005, 0.005])  # busy once, then at rest
    monkeypatch.setattr(turns.time, "sleep", naps.append)
    monkeypatch.setattr(turns.time, "process_time", lambda: next(clock))
    settle()
    assert len(naps) == 2


def test_settling_ends_although_threads_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 0.0

    def nap(length: float) -> None:
        nonlocal seconds
        seconds += length

    monkeypatch.setattr(turns.time, "sleep", nap)
    monkeypatch.setattr(turns.time, "process_time", lambda: seconds)
    monkeypatch.setattr(turns.time, "perf_counter", lambda: seconds)
    settle()
    assert turns.PATIENCE_S <= seconds < 2 * turns.PATIENCE_S
