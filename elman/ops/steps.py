r"""The equations. Each cell's step stands here once, readable as in its paper.

A step receives what enters from the input and what enters from the memory, both already
multiplied by their weights, and returns the next state:

.. math::
    \text{gates}_x = W_{ih} x_t + b_{ih} \qquad \text{gates}_h = W_{hh} h_{t-1} + b_{hh}

Everything that is the same for all cells (projection, layer norm of the products, recurrent
dropout, zoneout, resets, lengths) lives around the step, in `reference.py`. Read that next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from elman._registry import Registry

__all__ = ["CELLS", "CellSpec", "Norm", "State", "Step", "StepResult", "identity"]

State = tuple[Tensor, ...]
"""The memory of one layer and direction: ``(h,)`` or ``(h, c)``, each ``(B, H)``."""

StepResult = tuple[State, tuple[Tensor, ...]]
"""The next state, and the activated gates in packing order."""

Norm = Callable[[Tensor], Tensor]
"""Layer normalisation of a cell's memory, or `identity`."""

Step = Callable[[Tensor, Tensor, State, Norm], StepResult]


def identity(x: Tensor) -> Tensor:
    """Return ``x``: the norm of a cell without layer normalisation."""
    return x


def elman_tanh(gates_x: Tensor, gates_h: Tensor, state: State, norm: Norm) -> StepResult:
    r"""Elman 1990: :math:`h' = \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})`."""
    n = torch.tanh(gates_x + gates_h)
    return (n,), (n,)


def elman_relu(gates_x: Tensor, gates_h: Tensor, state: State, norm: Norm) -> StepResult:
    r"""Elman's step with a rectifier (Le, Jaitly & Hinton 2015): :math:`h' = \max(0, \cdot)`."""
    n = torch.relu(gates_x + gates_h)
    return (n,), (n,)


def lstm(gates_x: Tensor, gates_h: Tensor, state: State, norm: Norm) -> StepResult:
    r"""Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000.

    .. math::
        c' = \sigma(f) \odot c + \sigma(i) \odot \tanh(g) \qquad
        h' = \sigma(o) \odot \tanh(\text{norm}(c'))
    """
    i, f, g, o = (gates_x + gates_h).chunk(4, dim=-1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c = f * state[1] + i * g
    h = o * torch.tanh(norm(c))
    return (h, c), (i, f, g, o)


def gru(gates_x: Tensor, gates_h: Tensor, state: State, norm: Norm) -> StepResult:
    r"""Cho et al. 2014, reset after the product as in cuDNN; ``z`` keeps.

    .. math::
        n = \tanh(x_n + \sigma(r) \odot h_n) \qquad
        h' = (1 - \sigma(z)) \odot n + \sigma(z) \odot h
    """
    rx, zx, nx = gates_x.chunk(3, dim=-1)
    rh, zh, nh = gates_h.chunk(3, dim=-1)
    r, z = torch.sigmoid(rx + rh), torch.sigmoid(zx + zh)
    n = torch.tanh(nx + r * nh)
    return ((1 - z) * n + z * state[0],), (r, z, n)


@dataclass(frozen=True)
class CellSpec:
    """What the rest of elman must know of a cell.

    Attributes:
        name: The cell's name in the registry.
        gates: Names of the gates in packing order; their number is G.
        state: Names of the state tensors, ``h`` first.
        step: The equation.
        normed_state: Whether layer norm also applies to the memory inside the step.
        keeps: The gate that multiplies the old memory, where there is one.
        writes: The gate that multiplies what is new, where it is not ``1 - keeps``.
    """

    name: str
    gates: tuple[str, ...]
    state: tuple[str, ...]
    step: Step
    normed_state: bool = False
    keeps: str | None = None
    writes: str | None = None


CELLS: Registry[CellSpec] = Registry("cell")
for spec in (
    CellSpec("rnn_tanh", ("n",), ("h",), elman_tanh),
    CellSpec("rnn_relu", ("n",), ("h",), elman_relu),
    CellSpec("lstm", ("i", "f", "g", "o"), ("h", "c"), lstm, True, keeps="f", writes="i"),
    CellSpec("gru", ("r", "z", "n"), ("h",), gru, keeps="z"),
):
    CELLS.register(spec.name, spec)
