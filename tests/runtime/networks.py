"""Random networks for the tests, twice: as `elman.nn` layers in float64 and as plain arrays."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn as torch_nn

from elman import nn
from elman._native import KERNELS
from elman.ops import CELLS
from elman.runtime import LayerWeights, layer_weights

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no_bias": {"bias": False},
    "projection": {"proj_size": 3},
    "layer_norm": {"layer_norm": True},
    "layer_norm_no_bias": {"layer_norm": True, "bias": False},
    "zoneout": {"zoneout": 0.3},
    "all": {"proj_size": 2, "layer_norm": True, "zoneout": (0.2, 0.4)},
}
LAYERS = {"rnn_tanh": "rnn", "rnn_relu": "rnn_relu", "lstm": "lstm", "gru": "gru"}
CASES = [
    (cell, name)
    for cell in CELLS
    for name, options in OPTIONS.items()
    if cell == "lstm" or not (options.get("proj_size") or isinstance(options.get("zoneout"), tuple))
]
NATIVE = ["cpu"] if KERNELS is not None else []


def make_stack(
    cell: str, option: str, sizes: tuple[int, ...] = (5, 7, 33), seed: int = 0
) -> list[nn.RNN | nn.LSTM | nn.GRU]:
    """Layers on top of each other in float64, no two gates alike."""
    torch.manual_seed(seed)
    layers = []
    inputs = sizes[0]
    for size in sizes[1:]:
        made = nn.make_layer(
            LAYERS[cell], inputs, size, dtype=torch.float64, backend="reference", **OPTIONS[option]
        ).eval()
        for name, parameter in made.named_parameters():
            torch_nn.init.normal_(parameter, std=0.5 if "bias" in name else 0.7 * size**-0.5)
            if name.startswith("norm_") and "bias" not in name:
                parameter.data += 0.6  # a gain of 1 makes a network that magnifies any rounding
        layers.append(made)
        inputs = made.output_size
    return layers


def plain_layers(layers: list[Any]) -> list[LayerWeights]:
    """The same layers as plain arrays."""
    plain: list[LayerWeights] = []
    for layer in layers:
        zone = layer.zoneout if len(layer.zoneout) == 2 else layer.zoneout[0]
        arrays = {name: p.detach().numpy() for name, p in layer.named_parameters()}
        plain += layer_weights(layer.spec.name, arrays, zoneout=zone)
    return plain


@torch.no_grad()
def run_layers(layers: list[Any], x: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """Run ``x (T, B, I)`` through all layers whole; return the output in float64."""
    value = torch.from_numpy(x).to(dtype)
    for layer in layers:
        value, _ = copy.deepcopy(layer).to(dtype)(value)
    return value.double().numpy()


def random_input(steps: int, batch: int, size: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(steps, batch, size))


def error(got: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(got - truth).max())


@contextmanager
def instruction_set(name: str) -> Iterator[None]:
    """Build steppers on one instruction set."""
    assert KERNELS is not None
    before = KERNELS.isa()
    KERNELS.select(name)
    try:
        yield
    finally:
        KERNELS.select(before)


def supported() -> list[str]:
    return list(KERNELS.supported()) if KERNELS is not None else []
