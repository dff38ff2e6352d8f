r"""The parameters of one layer in one direction: their shapes, in torch's order, and first values.

Weights and biases start uniform in :math:`\pm 1/\sqrt H`, drawn in torch's order, so the same
seed gives the same numbers as `torch.nn`. The gains of layer norm come after them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from elman.ops.call import Weights
from elman.ops.steps import CellSpec

__all__ = ["WeightedModule", "parameter_shapes", "reset_parameters"]


class WeightedModule(nn.Module):
    """A module that holds the weights of one cell, once or for many layers and directions.

    Attributes:
        spec: The cell.
        hidden_size: Features of the memory, H.
    """

    spec: CellSpec
    hidden_size: int

    def weights(self) -> list[Weights]:
        """Return the parameters of each layer and direction, forward before backward."""
        raise NotImplementedError


def parameter_shapes(
    spec: CellSpec, inputs: int, hidden: int, proj: int, bias: bool, layer_norm: bool
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Return name to shape, first what torch has too, then what layer norm adds.

    The names are the fields of `ops.Weights`; ``proj`` is 0 for no projection.
    """
    packed = len(spec.gates) * hidden
    shapes: dict[str, tuple[int, ...]] = {
        "weight_ih": (packed, inputs),
        "weight_hh": (packed, proj or hidden),
    }
    if bias:
        shapes |= {"bias_ih": (packed,), "bias_hh": (packed,)}
    if proj:
        shapes["weight_hr"] = (proj, hidden)
    norms: dict[str, tuple[int, ...]] = {}
    if layer_norm:
        norms = {"norm_ih": (packed,), "norm_hh": (packed,)}
        if spec.normed_state:
            norms["norm_c"] = (hidden,)
            if bias:
                norms["norm_c_bias"] = (hidden,)
    return shapes, norms


@torch.no_grad()
def reset_parameters(named: Iterable[tuple[str, Tensor]], hidden: int) -> None:
    """Draw first values in the order given; gains of layer norm are 1, its shift 0."""
    bound = 1.0 / math.sqrt(hidden)
    for name, parameter in named:
        if not name.startswith("norm_"):
            nn.init.uniform_(parameter, -bound, bound)
        elif "bias" in name:
            parameter.zero_()
        else:
            parameter.fill_(1.0)
