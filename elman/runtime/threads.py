"""How many threads a step may take on this machine.

Counts the cores that this process may use. Which weights are worth a second thread is decided
where their size is known, in `csrc/stepper.cpp`; the threads themselves live in `csrc/pool.cpp`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from elman._errors import ConfigError

__all__ = ["LEAST_BYTES", "MAX_THREADS", "available_cores", "thread_limit"]

MAX_THREADS = 64
MOST_BY_DEFAULT = 8
"""Beyond it the handshakes of a step of some microseconds cost more than they bring."""
LEAST_BYTES = 384 << 10
"""Weights worth a thread of their own by default: with less, a step gains too little for a core."""

SYSTEM = Path("/sys")


def thread_limit(threads: int | None) -> tuple[int, int]:
    """Return how many threads one matrix may take, and how many bytes each must have.

    Args:
        threads: As asked for, 1 to 64: every matrix is then split as far as it goes. ``None``:
            by the cores there are and by the size of each matrix.

    Raises:
        ConfigError: If it is no such number.

    Example:
        >>> thread_limit(2)
        (2, 0)
    """
    if threads is None:
        return min(available_cores(), MOST_BY_DEFAULT), LEAST_BYTES
    if isinstance(threads, bool) or not isinstance(threads, int):
        raise ConfigError(f"threads: expected a whole number or None, got {threads!r}")
    if not 1 <= threads <= MAX_THREADS:
        raise ConfigError(f"threads: expected 1 to {MAX_THREADS}, got {threads}")
    return threads, 0


def available_cores() -> int:
    """Count the cores this process may use: its affinity, whole cores only, and its quota."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    cores = whole_cores(os.sched_getaffinity(0))
    quota = core_quota()
    return cores if quota is None else max(1, min(cores, int(quota)))


def whole_cores(processors: Iterable[int]) -> int:
    """Count cores: processors that share one share its caches, and gain nothing here."""
    cores = set()
    for processor in processors:
        path = SYSTEM / f"devices/system/cpu/cpu{processor}/topology/thread_siblings_list"
        try:
            cores.add(path.read_text(encoding="ascii").strip())
        except OSError:  # the system does not tell: each counts
            cores.add(str(processor))
    return len(cores)


def core_quota() -> float | None:
    """Return how many cores' worth of time a container is granted, None without a limit."""
    try:
        quota, period = (SYSTEM / "fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else float(quota) / float(period)
