from __future__ import annotations

from dataclasses import replace

import pytest

from elman._errors import RunError
from elman.bench import overhead
from elman.bench.plan import Plan
from elman.bench.rivals import Rivals
from elman.bench.turns import Timing


def test_cases_are_imports_packing_calls_and_loops(plan: Plan) -> None:
    full = replace(plan, cells=("gru", "lstm"), quick=False)
    labels = [case.label for case in overhead.cases(full, Rivals())]
    assert labels == [
        *("import elman.nn", "import elman.runtime", "import elman.cli.app"),
        *("gru packing", "lstm packing", "gru call", "lstm call"),
        *("loop, lstm 64", "loop, lstm 128", "loop, lstm 256"),
    ]


def test_an_import_is_timed_in_a_fresh_process() -> None:
    assert 0 < overhead.import_seconds("json") < 10


def test_an_import_that_fails_says_why() -> None:
    with pytest.raises(RunError, match=r"(?s)import no_such_thing failed.*ModuleNotFoundError"):
        overhead.import_seconds("no_such_thing")


def test_imports_stand_beside_what_they_stand_on(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overhead, "import_seconds", lambda name: 1.0 + (name == "elman.nn"))
    row = overhead.import_time(plan, "elman.nn")
    assert [c.name for c in row.contenders] == ["import elman.nn", "import torch"]
    assert row.comparisons[0].value == 2.0


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    ours, theirs = Timing((2.0, 20.0, 6.0)), Timing((1.0, 10.0, 2.0))
    row = overhead.row("gru", "a case", "ms", {"own": ours, "other": theirs}, 1.5)
    (ratio,) = row.comparisons
    assert (ratio.value, ratio.reached) == (2.0, False)


def test_packing_and_calls_have_rows(plan: Plan) -> None:
    rows = [overhead.pack_time(plan, "gru"), *overhead.call_time(plan, "gru")]
    assert [row.case for row in rows] == [
        *("pack W_hh, H = 256", "call a layer", "call a layer and its backward", "call a stepper"),
    ]
    for row in rows:
        own, theirs = row.contenders
        assert row.comparisons[0].value == pytest.approx(own.median / theirs.median)


def test_both_loops_take_the_same_steps(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead, "STEPS", 2)
    row = overhead.loop_time(plan, 4)
    assert [c.name for c in row.contenders] == ["elman.train.fit", "by hand"]
    assert row.comparisons[0].target == 1.05
    assert row.unit == "ms"
