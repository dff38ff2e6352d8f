"""Pieces of time, threads, processes: none of them changes a result."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from elman._native import KERNELS
from elman.ops import CELLS, recurrence
from elman.ops.backends import cpu_run
from tests.ops.backends.test_cpu import EVERYTHING, parts
from tests.ops.calls import OPTIONS, random_call

pytestmark = pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")
ROOT = Path(__file__).parents[3]
every_cell = pytest.mark.parametrize("cell", list(CELLS))


@every_cell
@pytest.mark.parametrize("options", ["plain", "lengths", "recurrent_mask", "everything"])
@pytest.mark.parametrize("steps", [1, 3])
def test_time_may_be_cut_anywhere(
    cell: str, options: str, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = EVERYTHING if options == "everything" else OPTIONS[options]
    call = random_call(cell, chosen, T=7, B=5, H=6, grad=True)
    whole = parts(call, "cpu")
    with torch.no_grad():
        inferred = recurrence(call, backend="cpu")
    row_bytes = 8 * len(call.spec.gates) * 6
    monkeypatch.setattr(cpu_run, "PIECE_BYTES", steps * 5 * row_bytes)
    for key, value in parts(call, "cpu").items():
        torch.testing.assert_close(value, whole[key], msg=key)
    with torch.no_grad():
        cut = recurrence(call, backend="cpu")
    assert torch.equal(cut.output, inferred.output)
    assert all(map(torch.equal, cut.state, inferred.state))


def test_eight_threads_of_python_at_once() -> None:
    """Forward and every gradient, each thread its own calls, on as many OpenMP threads as asked."""
    calls = [random_call(cell, options, T=30, B=4, H=100, seed=s, dtype=torch.float32, grad=True)
             for s, cell in enumerate(CELLS) for options in ((), EVERYTHING)]  # fmt: skip
    expected = [parts(call, "cpu") for call in calls]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            for got, truth in zip(pool.map(parts, calls, ["cpu"] * 8), expected, strict=True):
                assert all(torch.equal(got[name], value) for name, value in truth.items())


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
@pytest.mark.parametrize("count", [4_000, pytest.param(60_000, marks=pytest.mark.slow)])
def test_calls_leak_nothing(count: int) -> None:
    """Forward and backward; one block of 1 KB that stays at each call would be 4 MB."""
    calls = [random_call(cell, options, T=3, B=4, H=20, dtype=torch.float32, grad=True)
             for cell in CELLS for options in ((), EVERYTHING)]  # fmt: skip
    for call in calls * 50:
        parts(call, "cpu")
    gc.collect()
    before = resident()
    for _ in range(count // len(calls)):
        for call in calls:
            parts(call, "cpu")
    gc.collect()
    assert resident() - before < 2 << 20


COUNT_THREADS = """
import os, torch
torch.set_num_threads({threads})
from tests.ops.backends.test_cpu import parts, random_call
call = random_call("lstm", (), T=40, B=16, H=200, dtype=torch.float32, grad=True)
torch.rand(1 << 22).exp()  # torch's own threads are there from now on
before = len(os.listdir("/proc/self/task"))
parts(call, "cpu")
print(before, len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
@pytest.mark.parametrize("threads", [1, 3])
def test_no_thread_beside_torchs(threads: int) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    code = COUNT_THREADS.format(threads=threads)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    assert before == after


@pytest.mark.parametrize("threads", [1, 2])
def test_fork_after_use(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        call = random_call("lstm", (), T=20, B=8, H=128, dtype=torch.float32)
        expected = recurrence(call, backend="cpu").output
        pid = os.fork()
        if pid == 0:  # nothing but the kernels, and no way back into pytest
            torch.set_num_threads(1)
            same = torch.equal(recurrence(call, backend="cpu").output, expected)
            os._exit(0 if same else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        torch.set_num_threads(before)
