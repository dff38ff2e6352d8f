"""Run what was planned, case after case; what was measured is kept however it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from elman.bench import layers, machine, memory, options, overhead, recipe, rivals, step
from elman.bench.cores import cores
from elman.bench.plan import PARTS, Case, Plan
from elman.bench.record import Record, Row
from elman.bench.rivals import Rivals

__all__ = ["CASES", "Watcher", "begin", "run"]

CASES: dict[str, Callable[[Plan, Rivals], list[Case]]] = {
    "layers": layers.cases,
    "step": step.cases,
    "options": options.cases,
    "memory": memory.cases,
    "recipe": recipe.cases,
    "overhead": overhead.cases,
}
assert list(CASES) == list(PARTS)  # noqa: S101


class Watcher(Protocol):
    """Who is told how it goes."""

    def starting(self, part: str, label: str, done: int, total: int) -> None:
        """A case starts."""

    def measured(self, row: Row) -> None:
        """A row is there."""


def begin(plan: Plan) -> tuple[Record, Rivals]:
    """Look at the machine and at who is installed."""
    found = rivals.find_rivals(plan.threads[-1])
    record = Record(about=machine.about(), missing=found.missing, quick=plan.quick)
    return record, found


def run(plan: Plan, found: Rivals, record: Record, watcher: Watcher) -> None:
    """Measure all cases and put their rows into the record, one case after the other."""
    began = time.monotonic()
    cases = [(part, case) for part in plan.parts for case in CASES[part](plan, found)]
    try:
        for done, (part, case) in enumerate(cases):
            watcher.starting(part, case.label, done, len(cases))
            with cores(case.threads):
                rows = case.measure()
            record.rows += rows
            for row in rows:
                watcher.measured(row)
        record.complete = True
    finally:
        record.seconds = round(time.monotonic() - began, 1)
