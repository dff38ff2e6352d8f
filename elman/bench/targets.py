"""Every target in one place: how many times faster than whom, and what must not be exceeded.

Ratios of time are the other's over elman's, so more is better, unless it says "at most".
They were set for two cores with AVX-512 and are held against the rows with most threads.
"""

from __future__ import annotations

__all__ = [
    "BF16",
    "LOOP",
    "MEMORY",
    "ONNX_STEP",
    "OPTIONS",
    "RECIPE",
    "TORCH_STEP",
    "layer_target",
    "sgemm_target",
]

Shape = tuple[int, int, int, int]

SMALL, MIDDLE, LARGE = (16, 128, 128, 128), (32, 128, 128, 256), (64, 128, 256, 512)

TRAIN: dict[tuple[str, str], dict[Shape, float]] = {
    ("gru", "torch.nn"): {SMALL: 4.0, MIDDLE: 2.7, LARGE: 2.7},
    ("gru", "jax.lax.scan"): {SMALL: 2.0, MIDDLE: 2.0, LARGE: 2.0},
    ("rnn", "torch.nn"): {SMALL: 4.0, MIDDLE: 2.5, LARGE: 1.9},
    ("lstm", "torch.nn"): {SMALL: 1.5, MIDDLE: 1.3, LARGE: 1.15},
}
"""Training, (B, T, I, H)."""
NEVER_SLOWER = 1.0
SGEMM = 0.85
"""Inference at a batch of at least 16 and H >= 256: the part of the rate of a matrix product."""

TORCH_STEP = {64: 8.0, 128: 6.0, 256: 5.0, 512: 3.0}
ONNX_STEP = {64: 4.0, 128: 2.5, 256: 1.8, 512: 1.1}
BF16 = {256: 1.6, 512: 1.6}
"""One step, by I = H; the last is bfloat16 weights over the own float32."""

OPTIONS = {
    "layer_norm": 1.5,
    "zoneout": 1.5,
    "recurrent_dropout": 1.5,
    "reset": 1.5,
    "trace": 1.5,
    "lengths": 0.6,
}
"""At most so many times the plain layer; ``lengths`` are T/2 on average."""

MEMORY = 1.0
"""At most so many times the peak of torch.nn."""
RECIPE = {"lstm": 1.3, "gru": 2.5}
LOOP = 1.05
"""At most so many times a loop written by hand."""


def layer_target(cell: str, mode: str, shape: Shape, rival: str) -> float | None:
    """Return how many times faster than a rival a layer should be, or ``None``."""
    batch = shape[0]
    if mode == "infer":
        return NEVER_SLOWER if rival in ("torch.nn", "ONNX Runtime") and batch >= 16 else None
    least = NEVER_SLOWER if (cell, rival) == ("lstm", "torch.nn") else None
    return TRAIN.get((cell, rival), {}).get(shape, least)


def sgemm_target(mode: str, shape: Shape) -> float | None:
    """Return the part of sgemm's rate that inference should reach, or ``None``."""
    batch, _, _, hidden = shape
    return SGEMM if mode == "infer" and batch >= 16 and hidden >= 256 else None
