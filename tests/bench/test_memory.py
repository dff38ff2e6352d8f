from __future__ import annotations

from dataclasses import replace

import pytest

from elman._errors import RunError
from elman.bench import memory
from elman.bench.plan import Plan
from elman.bench.rivals import Rivals


def test_medians_of_fresh_processes(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {
        "elman": iter([(100.0, 150.0), (100.0, 160.0), (100.0, 155.0)]),
        "torch": iter([(90.0, 300.0), (90.0, 310.0), (90.0, 320.0)]),
    }

    def run(who: str, cell: str, shape: tuple[int, ...], threads: int) -> dict[str, float]:
        before, peak = next(figures[who])
        return {"before": before, "peak": peak}

    monkeypatch.setattr(memory, "in_a_process", run)
    row = memory.measure(replace(plan, quick=False, rounds=9), "lstm", 128)
    own, theirs = row.contenders
    assert (own.median, own.rate) == (155.0, 55.0)
    assert (theirs.median, theirs.rate) == (310.0, 220.0)
    peak, growth, kept = row.comparisons
    assert (peak.value, growth.value) == (0.5, 0.25)
    assert peak.reached and growth.reached
    assert kept.value == pytest.approx(55.0 / row.facts["gates and states"])


def test_what_backward_keeps_is_gates_and_states() -> None:
    shape = (2, 3, 7, 5)
    assert memory.kept_mb("rnn", shape) * 1e6 == 4 * 2 * 3 * 5
    assert memory.kept_mb("lstm", shape) * 1e6 == 4 * 6 * 2 * 3 * 5


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(RunError, match="ended with 1: KeyError: 'grru'"):
        memory.in_a_process("torch", "grru", (1, 1, 1, 1), 1)


def test_quick_leaves_the_long_sequences_out(plan: Plan) -> None:
    assert len(memory.cases(plan, Rivals())) == 1
    assert len(memory.cases(replace(plan, quick=False), Rivals())) == 2
