"""The compiled engine: packs a network's weights and steps it in C++, one call a step.

What it computes is written in `plain.py`; how, in `csrc/step.cpp` and `csrc/stepper.cpp`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from elman._errors import BackendUnavailable
from elman._native import KERNELS, MISSING
from elman.runtime.network import LayerWeights, LinearHead, Network
from elman.runtime.threads import thread_limit

__all__ = ["Engine", "native_engine"]


class Engine(Protocol):
    """What a stepper drives; `step` and `feed` answer 0 done, 1 no fit, 2 another thread is in."""

    def step(self, x: Any) -> int:
        """One step: ids ``(B,)`` or features ``(B, I)``."""

    def feed(self, x: Any) -> int:
        """Several steps: ids ``(B, T)`` or features ``(B, T, I)``."""

    def enter(self) -> bool:
        """Keep other threads out; False if one is in."""

    def leave(self) -> None:
        """Let other threads in."""

    def output(self) -> NDArray[Any]:
        """Where the output stands after each step."""

    def state(self) -> list[NDArray[Any]]:
        """Each layer's h, and c where it has one, as they stand in memory."""


def native_engine(
    network: Network, batch: int, *, bf16: bool, softmax: bool, threads: int | None = 1
) -> Engine:
    """Build the compiled engine of a checked network; arguments as for `PlainEngine`.

    Args:
        network: Checked.
        batch: Rows, B.
        bf16: Whether weights are kept in bfloat16.
        softmax: Whether logits become probabilities.
        threads: As for `Stepper`.

    Raises:
        ConfigError: If ``threads`` is out of its range.
        BackendUnavailable: If the compiled module is not there.
    """
    if KERNELS is None:
        raise BackendUnavailable(f"backend 'cpu': {MISSING}")
    double = network.layers[0].weight_hh.dtype == np.float64
    make = KERNELS.Stepper64 if double else KERNELS.Stepper32
    head = network.head if isinstance(network.head, LinearHead) else None
    most, least = thread_limit(threads)
    engine: Engine = make(
        [plain_dict(layer) for layer in network.layers],
        batch=batch,
        inputs=network.input_size,
        bf16=bf16,
        softmax=softmax,
        threads=most,
        least=least,
        embedding=network.embedding,
        head=None if head is None else head.weight,
        head_bias=None if head is None else head.bias,
    )
    return engine


def plain_dict(layer: LayerWeights) -> dict[str, Any]:
    """Return a layer as the compiled module reads it."""
    zone_h, zone_c = layer.zone
    content = {**vars(layer), "zone_h": float(zone_h), "zone_c": float(zone_c)}
    del content["zoneout"]
    return content
