"""Step a trained network with NumPy alone: no torch is imported here, ever.

>>> import elman.runtime

`Stepper` reads a run directory, or plain arrays, and moves on by one step per call; its state is
a value that can be kept and put back. Read `plain.py` for what a step does, and `stepper.py` for
how it is called.
"""

from __future__ import annotations

from elman.runtime.generate import generate
from elman.runtime.network import AdaptiveHead, LayerWeights, LinearHead, Network, layer_weights
from elman.runtime.stepper import State, Stepper

__all__ = [
    "AdaptiveHead",
    "LayerWeights",
    "LinearHead",
    "Network",
    "State",
    "Stepper",
    "generate",
    "layer_weights",
]
