"""The gated recurrent unit: one layer or many, and its single step."""

from __future__ import annotations

import torch

from elman.nn.cell import EquationCell
from elman.nn.layer import RecurrentLayer
from elman.ops.steps import CELLS

__all__ = ["GRU", "GRUCell"]


class GRU(RecurrentLayer):
    r"""The gated recurrent unit over time; takes the place of `torch.nn.GRU`.

    .. math::
        r, z &= \sigma(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh}) \\
        n &= \tanh(W_{in} x_t + b_{in} + r \odot (W_{hn} h_{t-1} + b_{hn})) \\
        h_t &= (1 - z) \odot n + z \odot h_{t-1}

    Gates are packed ``r z n`` as in torch. ``z`` keeps: at 1 the memory does not change. The
    reset gate acts after the product (Keras: ``reset_after=True``), not before it as in Cho et
    al. 2014. Call it as ``output, h_n = layer(x, h_0, lengths=, reset=)``; see
    `RecurrentLayer.forward`. State dicts of `torch.nn.GRU` load, and back.

    Args:
        input_size: Features per step, I.
        hidden_size: Features of the memory, H.
        num_layers: Layers, L, each fed with the output of the one below.
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
        forget_bias: First value of the bias of the gate ``z``, which keeps; ``None`` leaves
            it as torch draws it.
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
        6·B·T·H·(I+H) FLOPs for one layer and direction; keeps 5·B·T·H values for backward.

    Source:
        Cho et al. 2014, arXiv:1406.1078; the reset after the product Chetlur et al. 2014 (cuDNN),
        arXiv:1410.0759; layer norm Ba, Kiros & Hinton 2016, arXiv:1607.06450; zoneout Krueger
        et al. 2016, arXiv:1606.01305.

    Example:
        >>> layer = GRU(3, 4, batch_first=True, recurrent_dropout=0.2)
        >>> output, h_n = layer(torch.randn(2, 5, 3), reset=torch.zeros(2, 5, dtype=torch.bool))
        >>> output.shape, h_n.shape
        (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]))
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
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        zoneout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        forget_bias: float | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__(
            CELLS["gru"],
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
            forget_bias=forget_bias,
            backend=backend,
        )


class GRUCell(EquationCell):
    r"""One step of `GRU`; takes the place of `torch.nn.GRUCell`.

    ``forward(x, h)`` returns the next h as torch's cell does; ``step(x, h)`` returns ``(y, h)``
    for `Recurrent`. Gates are packed ``r z n``; ``z`` keeps; the reset acts after the product.

    Args:
        input_size: Features per step, I.
        hidden_size: Features of the memory, H.
        bias: Whether there are biases.
        device: Where the parameters live.
        dtype: What the parameters are.
        layer_norm: Layer-normalise both products before their biases.

    Shape:
        - x: ``(B, I)`` or ``(I,)``; h: ``(B, H)`` or ``(H,)``

    Raises:
        ConfigError: If a size is below 1.

    Source:
        Cho et al. 2014, arXiv:1406.1078; the reset after the product Chetlur et al. 2014,
        arXiv:1410.0759.

    Example:
        >>> cell = GRUCell(3, 4)
        >>> y, h = cell.step(torch.randn(2, 3), cell.initial_state(2))
        >>> torch.equal(y, h)
        True
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
            CELLS["gru"], input_size, hidden_size, bias, device, dtype, layer_norm=layer_norm
        )
