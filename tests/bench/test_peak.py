from __future__ import annotations

import json
import subprocess
import sys

import pytest

from elman.bench import peak


@pytest.mark.parametrize("who", ["elman", "torch"])
def test_a_process_tells_its_peak(who: str) -> None:
    words = [who, "gru", "8", "400", "16", "128", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "elman.bench.peak", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert 20 < found["before"] < found["peak"] < 4000
    gates = 3 * 4 * 8 * 400 * 128 / 1e6
    assert found["peak"] - found["before"] > gates  # what backward needs was there


def test_torch_is_measured_without_elman() -> None:
    code = (
        "import sys; from elman.bench.peak import make; make('torch', 'gru', 1, 1)\n"
        "print('elman.nn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_peak_forgets() -> None:
    if not peak.Path("/proc/self/clear_refs").exists():
        pytest.skip("this system keeps the peak of a process")
    much = bytearray(300_000_000)
    assert peak.peak() > 300
    before = peak.peak()
    del much
    peak.forget_peak()
    assert peak.peak() < before - 200
