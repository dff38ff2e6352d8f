"""Peak memory of a training step beside torch.nn's, each in a fresh process.

Backward may keep the gates and the states and nothing else: that sum stands beside the growth.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from elman._errors import RunError
from elman.bench.plan import Case, Plan
from elman.bench.record import Comparison, Contender, Row
from elman.bench.rivals import Rivals
from elman.bench.targets import MEMORY

__all__ = ["cases", "kept_mb", "measure"]

BATCH, INPUTS, HIDDEN = 32, 128, 256
STEPS, QUICK_STEPS = (128, 1000), (128,)
REPEATS = 3
KEPT = {"rnn": 1, "gru": 5, "lstm": 6}
"""Values of H for each row and step: gates and states; a GRU also what enters its candidate."""


def cases(plan: Plan, rivals: Rivals) -> list[Case]:
    """Return every cell and length."""

    def case(cell: str, steps: int) -> Case:
        return Case(
            f"{cell} memory, T = {steps}",
            plan.threads[-1],
            lambda: [measure(plan, cell, steps)],
        )

    lengths = QUICK_STEPS if plan.quick else STEPS
    return [case(cell, steps) for cell in plan.cells for steps in lengths]


def measure(plan: Plan, cell: str, steps: int) -> Row:
    """Run each in processes of its own."""
    threads = plan.threads[-1]
    repeats = 1 if plan.quick else min(REPEATS, plan.rounds)
    shape = (BATCH, steps, INPUTS, HIDDEN)
    found: dict[str, list[dict[str, float]]] = {"elman": [], "torch": []}
    for _ in range(repeats):
        for who, runs in found.items():
            runs.append(in_a_process(who, cell, shape, threads))
    own, theirs = ([run["peak"] for run in found[who]] for who in ("elman", "torch"))
    grown = [
        float(np.median([run["peak"] - run["before"] for run in found[who]]))
        for who in ("elman", "torch")
    ]
    return Row(
        part="memory",
        cell=cell,
        case=f"T = {steps}",
        threads=threads,
        unit="MB",
        contenders=(
            spread("elman", own, grown[0]),
            spread("torch.nn", theirs, grown[1]),
        ),
        comparisons=(
            Comparison("peak of torch.nn", ratio(own, theirs), MEMORY, "at most"),
            Comparison("growth of torch.nn", grown[0] / grown[1], MEMORY, "at most"),
            Comparison("gates and states", grown[0] / kept_mb(cell, shape), None, "at most"),
        ),
        rate_unit="MB over the process before",
        facts={"shape": list(shape), "gates and states": kept_mb(cell, shape)},
    )


def kept_mb(cell: str, shape: Sequence[int]) -> float:
    """Return the megabytes of gates and states in float32, the output being the states h.

    Example:
        >>> from elman.bench.memory import kept_mb
        >>> kept_mb("lstm", (32, 1000, 128, 256))
        196.608
    """
    batch, steps, _, hidden = shape
    return 4 * KEPT[cell] * batch * steps * hidden / 1e6


def spread(name: str, values: list[float], grown: float) -> Contender:
    """Return median and percentiles; the rate is the growth."""
    p10, median, p90 = (float(p) for p in np.percentile(values, [10, 50, 90]))
    return Contender(name, median, p10, p90, rate=grown)


def ratio(own: list[float], theirs: list[float]) -> float:
    """Return the ratio of the medians."""
    return float(np.median(own) / np.median(theirs))


def in_a_process(who: str, cell: str, shape: Sequence[int], threads: int) -> dict[str, float]:
    """Run `peak.py`.

    Raises:
        RunError: If the process fails; the message is what it said last.
    """
    words = [who, cell, *map(str, shape), str(threads)]
    done = subprocess.run(
        [sys.executable, "-m", "elman.bench.peak", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise RunError(f"the process that measures memory ended with {done.returncode}: {said[-1]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
