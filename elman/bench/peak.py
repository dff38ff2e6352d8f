"""A fresh process that takes two training steps of one layer and prints its memory as JSON.

    python -m elman.bench.peak elman lstm 32 128 128 256 2

Arguments: elman or torch, the cell, B, T, I, H, threads.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import torch

__all__ = ["main"]

STEPS = 2  # the second has gradients from before, as every further one
MB = 1e6


def make(who: str, cell: str, inputs: int, hidden: int) -> Any:
    """Build the layer; the process that measures torch loads nothing else."""
    if who == "elman":
        from elman import nn

        return nn.make_layer(cell, inputs, hidden, backend="cpu")
    kinds: dict[str, Any] = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
    return kinds[cell](inputs, hidden)


def resident() -> float:
    """Return the megabytes in memory now, or at most so far where the system tells only that."""
    return status("VmRSS")


def peak() -> float:
    """Return the most megabytes that were in memory since `forget_peak`."""
    return status("VmHWM")


def status(key: str) -> float:
    """Read a figure of this process; ru_maxrss would begin at that of the process that forked."""
    file = Path("/proc/self/status")
    if file.exists():
        for line in file.read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1]) * 1024 / MB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def forget_peak() -> None:
    """Begin the peak anew, where the system can: what imports needed for a moment is gone."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5")


def main(words: list[str]) -> None:
    """Measure and print."""
    who, cell = words[:2]
    batch, steps, inputs, hidden, threads = map(int, words[2:])
    torch.set_num_threads(threads)
    layer = make(who, cell, inputs, hidden)
    x = torch.randn(steps, batch, inputs, requires_grad=True)
    d_output = torch.randn(steps, batch, hidden)
    layer(x[:2, :1])[0].sum().backward()  # loads the code, which is not what a step keeps
    layer.zero_grad()
    x.grad = None
    before = resident()
    forget_peak()
    for _ in range(STEPS):
        layer(x)[0].backward(d_output)
    print(json.dumps({"before": before, "peak": peak()}))


if __name__ == "__main__":
    main(sys.argv[1:])
