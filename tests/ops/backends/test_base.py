"""What every backend owes; what it computes is tested in tests/ops/test_recurrence.py."""

from __future__ import annotations

import inspect

import pytest

from elman.ops.backends import BACKENDS, Backend
from tests.ops.calls import random_call


@pytest.mark.parametrize("name", list(BACKENDS))
def test_backend_keeps_the_protocol(name: str) -> None:
    for method in ("refuses", "declines", "run", "trace"):
        owed = inspect.signature(getattr(Backend, method))
        assert list(owed.parameters)[1:] == list(
            inspect.signature(getattr(BACKENDS[name], method)).parameters
        )


def test_one_backend_refuses_nothing() -> None:
    # auto always has somewhere to fall back to
    assert BACKENDS["reference"].refuses(random_call("lstm")) is None
    assert BACKENDS["reference"].declines(random_call("lstm")) is None
    assert list(BACKENDS)[-1] == "reference"
