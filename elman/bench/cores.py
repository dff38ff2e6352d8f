"""As many cores as threads, for everybody alike.

torch and ONNX Runtime are told how many threads to take. XLA cannot be told: it takes the cores
that the process may run on. So the process is kept to as many cores as threads are measured.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import torch

__all__ = ["cores"]


@contextlib.contextmanager
def cores(threads: int) -> Iterator[None]:
    """Give torch so many threads, and the process as many cores where the system can do that."""
    before, allowed = torch.get_num_threads(), affinity()
    torch.set_num_threads(threads)
    pin(set(spread(allowed)[:threads]))
    try:
        yield
    finally:
        torch.set_num_threads(before)
        pin(allowed)


def affinity() -> set[int]:
    """Return the cores that this process may run on; none where the system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def pin(cpus: set[int]) -> None:
    """Keep every thread of this process to some cores."""
    if not cpus:
        return
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.sched_setaffinity(int(task.name), cpus)


def spread(cpus: set[int]) -> list[int]:
    """Order logical processors so that the first ones are on cores of their own."""
    taken: set[str] = set()
    first: list[int] = []
    later: list[int] = []
    for cpu in sorted(cpus):
        file = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        core = file.read_text().strip() if file.exists() else str(cpu)
        (later if core in taken else first).append(cpu)
        taken.add(core)
    return [*first, *later]
