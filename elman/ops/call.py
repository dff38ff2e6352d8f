"""What one run over time is given: the cell, the input, the state, the weights, the options.

A `Call` is one layer in one direction, time-major. Backends receive it whole, so a backend's
answer to "can you serve this?" and the run itself read the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from elman.ops.steps import CellSpec, State

__all__ = ["Call", "Result", "Trace", "Weights"]


class Weights(NamedTuple):
    """Parameters of one layer in one direction; ``R`` is P with a projection, else H.

    Shape:
        - weight_ih: ``(G*H, I)``
        - weight_hh: ``(G*H, R)``
        - bias_ih, bias_hh: ``(G*H,)`` or ``None``
        - weight_hr: ``(P, H)`` or ``None``, the projection of an LSTM's ``h``
        - norm_ih, norm_hh: ``(G*H,)`` or ``None``, layer-norm gains of the two products
        - norm_c, norm_c_bias: ``(H,)`` or ``None``, layer-norm gain and shift of an LSTM's ``c``
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    weight_hr: Tensor | None = None
    norm_ih: Tensor | None = None
    norm_hh: Tensor | None = None
    norm_c: Tensor | None = None
    norm_c_bias: Tensor | None = None


@dataclass(frozen=True)
class Call:
    """One layer, one direction, over time.

    Shape:
        - x: ``(T, B, I)``
        - state: one ``(B, R)`` for ``h``, one ``(B, H)`` for ``c``
        - lengths: ``(B,)`` int64, 0 to T; beyond its length a row's state is held and its
          output is zero. ``None``: all rows are T long
        - reset: ``(T, B)`` bool; where True the state is zero before that step
        - recurrent_mask: ``(B, R)``, multiplies ``h`` on its way into ``W_hh`` at every step
        - zoneout: one ``(T, B, .)`` or ``None`` for each state tensor: the fraction of the
          previous value that stays, 0 to 1 (a Bernoulli mask in training, the rate itself,
          expanded, in evaluation), in the order in which steps are run, also in reverse
    """

    spec: CellSpec
    x: Tensor
    state: State
    weights: Weights
    lengths: Tensor | None = None
    reset: Tensor | None = None
    recurrent_mask: Tensor | None = None
    zoneout: tuple[Tensor | None, ...] = field(default=())

    @property
    def zoned(self) -> bool:
        """Whether any state tensor has zoneout."""
        return any(keep is not None for keep in self.zoneout)

    @property
    def normed(self) -> bool:
        """Whether the layer is layer-normalised."""
        return self.weights.norm_hh is not None


class Result(NamedTuple):
    """``output (T, B, R)``, which is ``h`` at each step, and the final state."""

    output: Tensor
    state: State


class Trace(NamedTuple):
    """Everything inside one layer and direction at each step.

    Shape:
        - gates: name to ``(T, B, H)``, activated
        - states: name to ``(T, B, .)``, after each step
    """

    gates: dict[str, Tensor]
    states: dict[str, Tensor]
