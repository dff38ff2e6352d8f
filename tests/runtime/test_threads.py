"""How many threads a step takes: affinity, whole cores, quota; any number gives the same bits."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import ConfigError
from elman.runtime import LayerWeights, LinearHead, Stepper, threads
from tests.runtime.networks import (
    CASES,
    NATIVE,
    instruction_set,
    make_stack,
    plain_layers,
    random_input,
    supported,
)

native = pytest.mark.skipif(not NATIVE, reason="no compiled module")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of /sys."""
    monkeypatch.setattr(threads, "SYSTEM", tmp_path)
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def test_processors_of_one_core_count_once(system: Path) -> None:
    for processor in range(4):
        siblings = f"{processor % 2},{processor % 2 + 2}\n"
        put(system / f"devices/system/cpu/cpu{processor}/topology/thread_siblings_list", siblings)
    assert threads.whole_cores([0, 1, 2, 3]) == 2
    assert threads.whole_cores([0, 2]) == 1
    assert threads.whole_cores([7, 8]) == 2  # nothing is known of them


@pytest.mark.parametrize(
    ("text", "quota"),
    [("max 100000\n", None), ("150000 100000\n", 1.5), ("strange\n", None), (None, None)],
)
def test_quota_of_a_container(system: Path, text: str | None, quota: float | None) -> None:
    if text is not None:
        put(system / "fs/cgroup/cpu.max", text)
    assert threads.core_quota() == quota


def test_cores_within_affinity_and_quota(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 2, 5}, raising=False)
    assert threads.available_cores() == 3
    put(system / "fs/cgroup/cpu.max", "250000 100000\n")
    assert threads.available_cores() == 2
    put(system / "fs/cgroup/cpu.max", "50000 100000\n")
    assert threads.available_cores() == 1
    assert threads.thread_limit(None) == (1, threads.LEAST_BYTES)
    monkeypatch.delattr(os, "sched_getaffinity")
    assert threads.available_cores() == os.cpu_count()


@pytest.mark.parametrize("wrong", [0, -1, 65, 2.0, True, "2"])
def test_no_such_number(wrong: Any) -> None:
    layer = LayerWeights("gru", np.ones((3, 1)), np.ones((3, 1)))
    for backend in ("numpy", *NATIVE):
        with pytest.raises(ConfigError, match="threads: expected"):
            Stepper([layer], threads=wrong, backend=backend)


def hurried(stepper: Stepper, x: np.ndarray, rounds: int = 3) -> np.ndarray:
    """Step through ``x (T, B, I)`` several times, the last time to be returned."""
    for _ in range(rounds):
        stepper.reset()
        outputs = np.stack([stepper.step(step).copy() for step in x])
    return outputs


@native
@pytest.mark.parametrize("isa", supported())
@pytest.mark.parametrize(("cell", "option"), CASES)
def test_any_number_gives_the_same_bits(cell: str, option: str, isa: str) -> None:
    plain = plain_layers(make_stack(cell, option, (5, 130, 67)))
    rng = np.random.default_rng(4)
    outputs = plain[-1].weight_hh.shape[1]
    head = LinearHead(rng.normal(size=(300, outputs)), rng.normal(size=300))
    for batch, options in ((1, {}), (3, {}), (1, {"weights": "bf16"}), (2, {"dtype": "float64"})):
        with instruction_set(isa):
            steppers = [
                Stepper(plain, batch, head=head, threads=n, backend="cpu", **options)
                for n in (1, 2, 3, 64)
            ]
        x = random_input(20, batch, 5).astype(steppers[0].dtype)
        expected = hurried(steppers[0], x)
        for stepper in steppers[1:]:
            np.testing.assert_array_equal(hurried(stepper, x), expected)


def large(**options: Any) -> Stepper:
    rng = np.random.default_rng(0)
    layer = LayerWeights(
        "lstm", rng.normal(size=(1024, 256), scale=0.06), rng.normal(size=(1024, 256), scale=0.06)
    )
    return Stepper([layer], backend="cpu", **options)


@native
def test_eight_threads_step_eight_steppers() -> None:
    """Only one of them has helpers at a time, and all of them the same outputs."""
    x = random_input(200, 1, 256).astype(np.float32)
    expected = hurried(large(threads=1), x, rounds=1)
    results: list[Any] = [None] * 8

    def work(k: int) -> None:
        results[k] = hurried(large(threads=2), x)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert not any(worker.is_alive() for worker in workers)
    for result in results:
        np.testing.assert_array_equal(result, expected)


@native
def test_after_a_fork() -> None:
    """The helpers stay with the parent; the child makes its own."""
    x = random_input(200, 1, 256).astype(np.float32)
    expected = hurried(large(threads=1), x)
    stepper = large(threads=2)
    hurried(stepper, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads: that is the test
        child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(hurried(stepper, x), expected) else 1)
    assert os.waitpid(child, 0)[1] == 0
    np.testing.assert_array_equal(hurried(stepper, x), expected)


SCRIPT = """
import os, time
import numpy as np
from elman.runtime import LayerWeights, Stepper

{before}
weight = np.random.default_rng(0).normal(size=(1024, 256), scale=0.06)
stepper = Stepper([LayerWeights("lstm", weight, weight)], backend="cpu", threads={threads})
x = np.ones((1, 256), np.float32)
tasks = lambda: len(os.listdir("/proc/self/task"))
base, end = tasks(), time.monotonic() + {seconds}
while tasks() == base and time.monotonic() < end:
    for _ in range(20):
        stepper.step(x)
for _ in range({pauses}):  # helpers are for steps in quick succession
    time.sleep(0.002)
    stepper.step(x)
time.sleep(0.05)
began = time.process_time()
time.sleep(0.5)
print(tasks() - base, "idle" if time.process_time() - began < 0.05 else "busy")
"""


def in_a_new_process(threads: int | None, seconds: float, before: str = "") -> str:
    """How many threads steps have brought, and whether they are idle once the steps stop."""
    code = SCRIPT.format(threads=threads, seconds=seconds, before=before, pauses=20)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@native
@linux
def test_helpers_come_and_sleep() -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    assert in_a_new_process(3, 20.0) == "2 idle"


@native
@linux
@pytest.mark.parametrize("number", [1, 2, None])
def test_no_helper_on_one_core(number: int | None) -> None:
    """Whoever may use one core only gets no helper, though two threads be asked for."""
    one = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"
    assert in_a_new_process(number, 0.3, one) == "0 idle"


def resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


@native
@linux
@pytest.mark.parametrize("steps", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_steps_with_helpers_take_no_memory(steps: int) -> None:
    weight = np.random.default_rng(0).normal(size=(4 * 32, 32), scale=0.2)
    layer = LayerWeights("lstm", weight, weight)
    stepper, x = Stepper([layer], threads=2, backend="cpu"), np.ones((1, 32), np.float32)
    for _ in range(2000):
        stepper.step(x)
    before = resident_kib()
    for _ in range(steps):
        stepper.step(x)
    assert resident_kib() - before < 1024


@native
def test_waiting_for_a_busy_core_is_bounded() -> None:
    """With every core taken by others, helpers cost little more than doing without them."""
    x = random_input(2000, 1, 256).astype(np.float32)
    spin = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(spin) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        times = {}
        for number in (1, 2, 1, 2):
            stepper = large(threads=number)
            began = time.perf_counter()
            stepper.feed(x.reshape(1, 2000, 256))
            times[number] = min(time.perf_counter() - began, times.get(number, 1e9))
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert times[2] < 20 * times[1] + 1.0  # a barrier would wait milliseconds at each step: 8 s
