"""Fork a process that does nothing but save, kill it with -9 at a random instant, and look.

Usage: kill_while_saving.py FOLDER ROUNDS
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path

import torch

from elman.train import CheckpointStore

SIZE = 300_000  # numbers: a save takes some milliseconds, most of them inside the write


def value(step: int) -> torch.Tensor:
    """Return what the checkpoint of a step holds, so that a reader can tell."""
    return torch.arange(SIZE, dtype=torch.float32) + step


def save_forever(store: CheckpointStore, step: int, pipe: int) -> None:
    """Save step after step, and say after each that it is on the disk."""
    while True:
        store.save(step, {"step": step, "value": value(step)})
        os.write(pipe, step.to_bytes(8, "little"))
        step += 1


def main(folder: Path, rounds: int) -> None:
    """Kill so many times; what was said to be saved must be there, whole, each time."""
    warnings.simplefilter("error")  # a fallback would be a file that is not whole
    generator, step, cut = random.Random(5), 0, 0
    for _ in range(rounds):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            save_forever(CheckpointStore(folder), step + 1, writing)
        os.close(writing)
        os.read(reading, 8)  # it is at work
        time.sleep(generator.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            raise SystemExit("the child ended by itself")
        said = step + 1
        while data := os.read(reading, 8):
            said = int.from_bytes(data, "little")
        os.close(reading)

        cut += any(folder.glob(".*.tmp"))
        store = CheckpointStore(folder)
        if any(folder.glob(".*.tmp")):
            raise SystemExit("a temporary file was left")
        found = store.newest()
        if found is None or found.step not in (said, said + 1):
            raise SystemExit(f"expected step {said}, found {found and found.step}")
        if not torch.equal(found.state["value"], value(found.step)):
            raise SystemExit(f"the content of {found.path} is not what was saved")
        step = found.step
    print(f"{rounds} kills, {cut} of them in the middle of a write, {step} checkpoints")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), int(sys.argv[2]))
