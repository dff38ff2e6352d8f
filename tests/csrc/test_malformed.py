"""Malformed calls at the compiled module, in a process of its own: a crash is a failure here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from elman._native import KERNELS

pytestmark = pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")
ROOT = Path(__file__).parents[2]
EXACT = ["--exact"] if "libasan" in os.environ.get("LD_PRELOAD", "") else []


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_only_exceptions_come_back(count: int, tmp_path: Path) -> None:
    last = tmp_path / "last"
    done = subprocess.run(
        [sys.executable, "-m", "tests.csrc.malformed", str(count), str(last), *EXACT],
        capture_output=True, text=True, cwd=ROOT, timeout=280,
        env=os.environ | {"PYTHONFAULTHANDLER": "1"},
    )  # fmt: skip
    assert done.returncode == 0, f"at {last.read_text()}\n{done.stdout}{done.stderr[-3000:]}"
    found = re.fullmatch(r"(\d+) calls, (\d+) refused\n", done.stdout)
    assert found is not None, done.stdout
    made, refused = map(int, found.groups())
    assert made >= 0.9 * count  # fewer only where hypothesis drew the same call twice
    assert 0.5 * made < refused < made, "spoilt calls are refused, harmless ones are served"
