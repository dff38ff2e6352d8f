"""First values that help a recurrent network remember.

Each function takes a layer, a cell, or any module that holds some (`Stacked`, a whole model),
changes the parameters in place and returns the module. Weights that are not named stay as torch
draws them.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from elman._errors import ConfigError
from elman.nn.parameters import WeightedModule
from elman.ops.call import Weights

__all__ = ["chrono_", "forget_bias_", "orthogonal_"]

M = TypeVar("M", bound=nn.Module)


@torch.no_grad()
def orthogonal_(module: M) -> M:
    r"""Make every gate's block of ``weight_hh`` orthogonal, so that it keeps the length of ``h``.

    With a projection a block is ``(H, P)`` and has orthonormal columns.

    Source:
        Saxe, McClelland & Ganguli 2014, arXiv:1312.6120.

    Example:
        >>> w = elman.nn.init.orthogonal_(elman.nn.RNN(3, 4)).weight_hh_l0
        >>> torch.allclose(w @ w.T, torch.eye(4), atol=1e-6)
        True
    """
    for layer in weighted(module):
        for weights in layer.weights():
            for block in weights.weight_hh.view(-1, layer.hidden_size, weights.weight_hh.shape[1]):
                nn.init.orthogonal_(block)
    return module


@torch.no_grad()
def forget_bias_(module: M, value: float) -> M:
    r"""Set the bias of the gate that keeps: an LSTM's ``f``, a GRU's ``z``.

    ``bias_ih`` gets the value and ``bias_hh`` zero, so that their sum is the value. At 1 the
    gate starts at :math:`\sigma(1) = 0.73` and a fresh network remembers for some steps.

    Raises:
        ConfigError: If the cell has no such gate or no biases.

    Source:
        Gers, Schmidhuber & Cummins 2000, doi:10.1162/089976600300015015; Jozefowicz, Zaremba &
        Sutskever 2015.

    Example:
        >>> layer = elman.nn.init.forget_bias_(elman.nn.LSTM(3, 2), 1.0)
        >>> (layer.bias_ih_l0 + layer.bias_hh_l0)[2:4]
        tensor([1., 1.], grad_fn=<SliceBackward0>)
    """
    for layer in weighted(module):
        for weights in layer.weights():
            set_bias(layer, weights, layer.spec.keeps, torch.tensor(float(value)))
    return module


@torch.no_grad()
def chrono_(module: M, t_max: int) -> M:
    r"""Give the units memories of lengths spread between 1 and ``t_max`` steps.

    With :math:`u \sim \mathcal{U}(1, T_{max} - 1)` for each unit, the bias of the gate that keeps
    (an LSTM's ``f``, a GRU's ``z``) is :math:`\log u`, and that of an LSTM's ``i`` is
    :math:`-\log u`. A gate at :math:`\sigma(\log u) = u / (u + 1)` forgets in about u steps.

    Args:
        module: A layer, a cell, or what holds them.
        t_max: The longest dependency expected, in steps, at least 2.

    Raises:
        ConfigError: If ``t_max`` is below 2, or the cell has no such gate or no biases.

    Source:
        Tallec & Ollivier 2018, arXiv:1804.11188, equation 16.

    Example:
        >>> layer = elman.nn.init.chrono_(elman.nn.LSTM(3, 2), 100)
        >>> bool((layer.bias_ih_l0[2:4] >= 0).all())
        True
    """
    if t_max < 2:
        raise ConfigError(f"t_max: expected at least 2 steps, got {t_max}")
    for layer in weighted(module):
        for weights in layer.weights():
            u = torch.empty(layer.hidden_size, dtype=torch.float64).uniform_(1, t_max - 1)
            set_bias(layer, weights, layer.spec.keeps, u.log())
            if layer.spec.writes is not None:
                set_bias(layer, weights, layer.spec.writes, -u.log())
    return module


def weighted(module: nn.Module) -> list[WeightedModule]:
    """Return the recurrent layers and cells of elman inside a module."""
    found = [m for m in module.modules() if isinstance(m, WeightedModule)]
    if not found:
        raise ConfigError(f"{type(module).__name__} holds no recurrent layer or cell of elman")
    return found


def set_bias(layer: WeightedModule, weights: Weights, gate: str | None, value: Tensor) -> None:
    """Make a gate's two biases sum to ``value``."""
    if gate is None:
        raise ConfigError(f"{type(layer).__name__} has no gate that keeps, so it has no such bias")
    if weights.bias_ih is None or weights.bias_hh is None:
        raise ConfigError(f"{type(layer).__name__} was built with bias=False, so it has no biases")
    start = layer.spec.gates.index(gate) * layer.hidden_size
    weights.bias_ih[start : start + layer.hidden_size] = value.to(weights.bias_ih)
    weights.bias_hh[start : start + layer.hidden_size] = 0.0
