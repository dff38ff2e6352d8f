"""What the figures depend on."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform

import torch

from elman import __version__
from elman._errors import BackendUnavailable
from elman._machine import processor
from elman._native import KERNELS, MISSING

__all__ = ["about"]

PACKAGES = ("torch", "numpy", "onnxruntime", "jax")


def about() -> dict[str, str]:
    """Return processor, instruction set, system, versions and time.

    Raises:
        BackendUnavailable: If there are no compiled kernels to measure.
    """
    if KERNELS is None:
        raise BackendUnavailable(f"there is nothing to measure: {MISSING}")
    facts = {
        "processor": processor()[0],
        "cores": str(torch.get_num_threads()),
        "instruction set": KERNELS.isa(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "elman": __version__,
    }
    for package in PACKAGES:
        try:
            facts[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    facts["measured"] = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return facts
