"""The long short-term memory: one layer or many, and its single step."""

from __future__ import annotations

import torch

from elman.nn.cell import EquationCell
from elman.nn.layer import RecurrentLayer
from elman.ops.steps import CELLS

__all__ = ["LSTM", "LSTMCell"]


class LSTM(RecurrentLayer):
    r"""The long short-term memory over time; takes the place of `torch.nn.LSTM`.

    .. math::
        i, f, g, o &= \sigma, \sigma, \tanh, \sigma
            \;(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh}) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= W_{hr} \, (o \odot \tanh(c_t))

    Gates are packed ``i f g o`` as in torch; :math:`W_{hr}` is there with ``proj_size`` only.
    Call it as ``output, (h_n, c_n) = layer(x, (h_0, c_0), lengths=, reset=)``; see
    `RecurrentLayer.forward`. State dicts of `torch.nn.LSTM` load, and back.

    Args:
        input_size: Features per step, I.
        hidden_size: Features of ``c``, H.
        num_layers: Layers, L, each fed with the output of the one below.
        bias: Whether there are biases ``b_ih`` and ``b_hh``.
        batch_first: Whether x, output and reset are ``(B, T, .)`` instead of ``(T, B, .)``.
            States are ``(L*D, B, .)`` in both cases.
        dropout: Rate on the output of every layer but the last, in training.
        bidirectional: Run each layer backwards too; D = 2.
        proj_size: Features that ``h`` is projected to, P < H; 0 for no projection.
        device: Where the parameters live.
        dtype: What the parameters are.
        layer_norm: Layer-normalise both products before their biases, and ``c`` before its
            tanh.
        zoneout: Rate at which a unit keeps its previous value: drawn per step and unit in training,
            the expectation in evaluation. A pair is for ``h`` and for ``c``.
        recurrent_dropout: Rate of the dropout of ``h`` on its way into ``weight_hh``; one mask
            per call, row, layer and direction, held over all steps; training only.
        weight_drop: Rate at which entries of ``weight_hh`` are dropped (DropConnect), drawn once
            per call; training only. The parameter itself keeps its name and values.
        forget_bias: First value of the bias of the gate ``f``, which keeps; ``None`` leaves
            it as torch draws it.
        backend: ``auto``, or a name in `ops.backends.BACKENDS`; `explain` tells what auto takes.

    Shape:
        - x: ``(T, B, I)``, ``(B, T, I)`` if batch first, ``(T, I)``, or a `PackedSequence`
        - h_0, h_n: ``(L*D, B, R)``, R = P or H; c_0, c_n: ``(L*D, B, H)``; no B unbatched
        - output: like x, with ``D*R`` features; zero beyond the lengths

    Raises:
        ConfigError: If a size or rate is out of its range.
        OptionTypeError: If an argument has the wrong type.
        UnknownName: If there is no such backend.

    Cost:
        8·B·T·H·(I+R) FLOPs for one layer and direction; keeps 6·B·T·H values for backward.

    Source:
        Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; forget gate Gers,
        Schmidhuber & Cummins 2000, doi:10.1162/089976600300015015; projection Sak, Senior &
        Beaufays 2014, arXiv:1402.1128; layer norm Ba, Kiros & Hinton 2016, arXiv:1607.06450;
        zoneout Krueger et al. 2016, arXiv:1606.01305. No peepholes.

    Example:
        >>> layer = LSTM(3, 4, bidirectional=True, zoneout=(0.1, 0.2))
        >>> output, (h_n, c_n) = layer(torch.randn(5, 2, 3), lengths=[5, 3])
        >>> output.shape, c_n.shape
        (torch.Size([5, 2, 8]), torch.Size([2, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        zoneout: float | tuple[float, float] = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        forget_bias: float | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__(
            CELLS["lstm"],
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
            layer_norm=layer_norm,
            zoneout=zoneout,
            recurrent_dropout=recurrent_dropout,
            weight_drop=weight_drop,
            forget_bias=forget_bias,
            backend=backend,
        )


class LSTMCell(EquationCell):
    r"""One step of `LSTM`; takes the place of `torch.nn.LSTMCell`.

    ``forward(x, (h, c))`` returns the next ``(h, c)`` as torch's cell does;
    ``step(x, (h, c))`` returns ``(y, (h, c))`` for `Recurrent`. Gates are packed ``i f g o``.

    Args:
        input_size: Features per step, I.
        hidden_size: Features of ``h`` and ``c``, H.
        bias: Whether there are biases.
        device: Where the parameters live.
        dtype: What the parameters are.
        layer_norm: Layer-normalise both products before their biases, and ``c`` before its tanh.

    Shape:
        - x: ``(B, I)`` or ``(I,)``; h, c: ``(B, H)`` or ``(H,)``

    Raises:
        ConfigError: If a size is below 1.

    Source:
        Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; forget gate Gers,
        Schmidhuber & Cummins 2000, doi:10.1162/089976600300015015.

    Example:
        >>> cell = LSTMCell(3, 4)
        >>> h, c = cell(torch.randn(2, 3))
        >>> h.shape
        torch.Size([2, 4])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
    ) -> None:
        super().__init__(
            CELLS["lstm"], input_size, hidden_size, bias, device, dtype, layer_norm=layer_norm
        )
