"""Elman's network: one layer or many, and its single step."""

from __future__ import annotations

import torch

from elman._errors import ConfigError
from elman.nn.cell import EquationCell
from elman.nn.layer import RecurrentLayer
from elman.ops.steps import CELLS, CellSpec

__all__ = ["RNN", "ElmanCell"]


class RNN(RecurrentLayer):
    r"""Elman's network over time; takes the place of `torch.nn.RNN`.

    .. math::
        h_t = \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})

    Call it as ``output, h_n = layer(x, h_0, lengths=, reset=)``; see `RecurrentLayer.forward`.
    State dicts of `torch.nn.RNN` load, and back.

    Args:
        input_size: Features per step, I.
        hidden_size: Features of the memory, H.
        num_layers: Layers, L, each fed with the output of the one below.
        nonlinearity: ``tanh`` or ``relu``.
        bias: Whether there are biases ``b_ih`` and ``b_hh``.
        batch_first: Whether x, output and reset are ``(B, T, .)`` instead of ``(T, B, .)``.
            States are ``(L*D, B, .)`` in both cases.
        dropout: Rate on the output of every layer but the last, in training.
        bidirectional: Run each layer backwards too; D = 2.
        device: Where the parameters live.
        dtype: What the parameters are.
        layer_norm: Layer-normalise both products before their biases.
        zoneout: Rate at which a unit keeps its previous value: drawn per step and unit in training,
            the expectation in evaluation.
        recurrent_dropout: Rate of the dropout of ``h`` on its way into ``weight_hh``; one mask
            per call, row, layer and direction, held over all steps; training only.
        weight_drop: Rate at which entries of ``weight_hh`` are dropped (DropConnect), drawn once
            per call; training only. The parameter itself keeps its name and values.
        backend: ``auto``, or a name in `ops.backends.BACKENDS`; `explain` tells what auto takes.

    Shape:
        - x: ``(T, B, I)``, ``(B, T, I)`` if batch first, ``(T, I)``, or a `PackedSequence`
        - h_0, h_n: ``(L*D, B, H)``, or ``(L*D, H)`` unbatched
        - output: like x, with ``D*H`` features; zero beyond the lengths

    Raises:
        ConfigError: If a size or rate is out of its range.
        OptionTypeError: If an argument has the wrong type.
        UnknownName: If there is no such backend.

    Cost:
        2·B·T·H·(I+H) FLOPs for one layer and direction; keeps B·T·H values for backward.

    Source:
        Elman 1990, doi:10.1207/s15516709cog1402_1; rectifier Le, Jaitly & Hinton 2015,
        arXiv:1504.00941.

    Example:
        >>> layer = RNN(3, 4, num_layers=2)
        >>> output, h_n = layer(torch.randn(5, 2, 3), lengths=[5, 3])
        >>> output.shape, h_n.shape
        (torch.Size([5, 2, 4]), torch.Size([2, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        backend: str = "auto",
    ) -> None:
        super().__init__(
            elman_spec(nonlinearity),
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            0,
            device,
            dtype,
            layer_norm=layer_norm,
            zoneout=zoneout,
            recurrent_dropout=recurrent_dropout,
            weight_drop=weight_drop,
            forget_bias=None,
            backend=backend,
        )
        self.nonlinearity = nonlinearity


class ElmanCell(EquationCell):
    r"""One step of `RNN`; takes the place of `torch.nn.RNNCell`.

    ``forward(x, h)`` returns the next h as torch's cell does; ``step(x, h)`` returns ``(y, h)``
    for `Recurrent`.

    Args:
        input_size: Features per step, I.
        hidden_size: Features of the memory, H.
        bias: Whether there are biases.
        nonlinearity: ``tanh`` or ``relu``.
        device: Where the parameters live.
        dtype: What the parameters are.
        layer_norm: Layer-normalise both products before their biases.

    Shape:
        - x: ``(B, I)`` or ``(I,)``; h: ``(B, H)`` or ``(H,)``

    Raises:
        ConfigError: If a size is below 1 or the nonlinearity is unknown.

    Source:
        Elman 1990, doi:10.1207/s15516709cog1402_1.

    Example:
        >>> cell = ElmanCell(3, 4)
        >>> cell(torch.randn(2, 3)).shape
        torch.Size([2, 4])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
    ) -> None:
        spec = elman_spec(nonlinearity)
        super().__init__(spec, input_size, hidden_size, bias, device, dtype, layer_norm=layer_norm)
        self.nonlinearity = nonlinearity


def elman_spec(nonlinearity: str) -> CellSpec:
    """Return Elman's cell with ``tanh`` or ``relu``."""
    if nonlinearity not in ("tanh", "relu"):
        raise ConfigError(f"nonlinearity: expected 'tanh' or 'relu', got {nonlinearity!r}")
    return CELLS[f"rnn_{nonlinearity}"]
