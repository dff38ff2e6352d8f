"""The state of every random number generator that a training may use, as plain values."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

__all__ = ["capture_rng", "restore_rng", "seed_rng"]

NUMPY_GENERATOR = "MT19937"


def seed_rng(seed: int) -> None:
    """Seed torch, Python and NumPy."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


def capture_rng(device: torch.device) -> dict[str, Any]:
    """Return the generators' states, as values that a checkpoint can hold.

    Example:
        >>> from elman.train.rng import capture_rng, restore_rng
        >>> before = capture_rng(torch.device("cpu"))
        >>> first = torch.rand(3)
        >>> restore_rng(before, torch.device("cpu"))
        >>> bool((torch.rand(3) == first).all())
        True
    """
    _, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "python": random.getstate(),
        "numpy": (np.asarray(keys).tolist(), position, has_gauss, gauss),
    }


def restore_rng(state: dict[str, Any], device: torch.device) -> None:
    """Take up states from `capture_rng`."""
    torch.set_rng_state(state["torch"])
    if device.type == "cuda" and state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"], device)
    random.setstate(state["python"])
    keys, *rest = state["numpy"]
    np.random.set_state((NUMPY_GENERATOR, np.array(keys, dtype=np.uint32), *rest))
