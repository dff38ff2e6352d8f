from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from elman.bench import run
from elman.bench.plan import PARTS, Case, Plan
from elman.bench.record import Record, Row
from elman.bench.rivals import Rivals
from tests.bench.small import make_record


class Diary:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def starting(self, part: str, label: str, done: int, total: int) -> None:
        self.lines.append(f"{part} {label} {done}/{total} on {torch.get_num_threads()}")

    def measured(self, row: Row) -> None:
        self.lines.append(row.case)


def interrupt() -> list[Row]:
    raise KeyboardInterrupt


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    found = [Case("a", 1, lambda: make_record().rows[:2]), Case("b", 1, lambda: [])]
    monkeypatch.setitem(run.CASES, "layers", lambda plan, rivals: found)
    return found


def test_every_part_has_cases() -> None:
    assert list(run.CASES) == list(PARTS)


def test_rows_are_kept_and_told(plan: Plan, cases: list[Case]) -> None:
    record, diary = Record({}), Diary()
    run.run(plan, Rivals(), record, diary)
    threads = torch.get_num_threads()
    assert diary.lines == [
        *(f"layers a 0/2 on {threads}", "train 16, 128, 128, 128", "I = H = 64"),
        f"layers b 1/2 on {threads}",
    ]
    assert record.complete and len(record.rows) == 2


def test_an_interrupt_keeps_what_was_measured(plan: Plan, cases: list[Case]) -> None:
    cases.insert(1, Case("stop", 1, interrupt))
    record = Record({})
    with pytest.raises(KeyboardInterrupt):
        run.run(plan, Rivals(), record, Diary())
    assert len(record.rows) == 2
    assert not record.complete


def test_it_begins_with_the_machine_and_the_missing(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    rivals = Rivals(jax=False, missing=("no jax",))
    monkeypatch.setattr(run.rivals, "find_rivals", lambda threads: rivals)
    record, found = run.begin(replace(plan, quick=True))
    assert found is rivals
    assert record.missing == ("no jax",)
    assert record.quick and not record.complete
    assert record.about["torch"] == torch.__version__
