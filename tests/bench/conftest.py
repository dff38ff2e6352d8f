"""A plan so small that a part is measured in a moment, and a record of every kind of row."""

from __future__ import annotations

import pytest

from elman.bench.plan import Plan
from elman.bench.record import Record
from tests.bench.small import make_record


@pytest.fixture
def plan() -> Plan:
    return Plan(parts=("layers",), cells=("gru",), threads=(1,), rounds=1, budget_s=0.0, quick=True)


@pytest.fixture
def record() -> Record:
    return make_record()
