"""The recurrent body that every model has between its frontend and its head.

Time-major inside, ``(T, B, .)``. Knows nothing of tokens or losses.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from torch import Tensor, nn

from elman.models.config import BodyConfig
from elman.nn import LockedDropout, Stacked, make_layer
from elman.nn.init import chrono_, orthogonal_
from elman.nn.state import State

__all__ = ["BodyOutput", "RecurrentBody"]


class BodyOutput(NamedTuple):
    """What a body returns.

    Attributes:
        output: ``(T, B, R)``, the last layer's output after its dropout: what a head takes.
        raw: ``(T, B, R)``, the same before dropout.
        state: One state for each layer.
    """

    output: Tensor
    raw: Tensor
    state: tuple[State, ...]


class RecurrentBody(nn.Module):
    """Recurrent layers, one above the other, with dropout before, between and after.

    Args:
        input_size: Features per step, I.
        config: The layers and their regularisation.
        last_size: Units of the last layer; ``None`` means ``config.hidden_size``.
        bidirectional: Whether each layer also runs backwards, with as many units again; the
            output then has both halves, ``R = 2 * last_size``.

    Shape:
        - x: ``(T, B, I)``; lengths: ``(B,)``; reset: ``(T, B)`` bool
        - returns: `BodyOutput`

    Source:
        Plain dropout: Zaremba et al. 2014, arXiv:1409.2329. Locked: Gal & Ghahramani 2016,
        arXiv:1512.05287, as in AWD-LSTM, Merity et al. 2018, arXiv:1708.02182.

    Example:
        >>> body = RecurrentBody(3, BodyConfig(hidden_size=4, num_layers=2))
        >>> output, raw, state = body(torch.randn(5, 2, 3))
        >>> output.shape, len(state)
        (torch.Size([5, 2, 4]), 2)
    """

    def __init__(
        self,
        input_size: int,
        config: BodyConfig,
        *,
        last_size: int | None = None,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        directions = 2 if bidirectional else 1
        sizes = [config.hidden_size] * (config.num_layers - 1) + [last_size or config.hidden_size]
        inputs = [input_size, *(directions * size for size in sizes[:-1])]
        self.output_size = directions * sizes[-1]
        self.dropout_input = dropout_of(config.dropout_input, config.dropout)
        self.layers = Stacked(
            [
                make_recurrent(config, features, size, bidirectional=bidirectional)
                for features, size in zip(inputs, sizes, strict=True)
            ],
            dropout=dropout_of(config.dropout_hidden, config.dropout),
        )
        self.dropout_output = dropout_of(config.dropout_output, config.dropout)

    def initial_state(self, batch: int) -> tuple[State, ...]:
        """Return the zero state of ``batch`` rows."""
        return cast("tuple[State, ...]", self.layers.initial_state(batch))

    def forward(
        self,
        x: Tensor,
        state: tuple[State, ...] | None = None,
        *,
        lengths: Tensor | None = None,
        reset: Tensor | None = None,
    ) -> BodyOutput:
        """Run over time; ``None`` starts from zeros."""
        raw, state = self.layers(self.dropout_input(x), state, lengths=lengths, reset=reset)
        return BodyOutput(self.dropout_output(raw), raw, state)


def dropout_of(locked: float | None, plain: float) -> nn.Module:
    """Return locked dropout where its rate is given, else plain dropout."""
    return nn.Dropout(plain) if locked is None else LockedDropout(locked)


def make_recurrent(
    config: BodyConfig, input_size: int, hidden_size: int, *, bidirectional: bool = False
) -> nn.Module:
    """Build one layer and start its weights as the configuration says."""
    options: dict[str, Any] = {
        "bidirectional": bidirectional,
        "layer_norm": config.layer_norm,
        "zoneout": config.zoneout,
        "recurrent_dropout": config.recurrent_dropout,
        "weight_drop": config.weight_drop,
        "backend": config.backend,
    }
    if config.forget_bias is not None:
        options["forget_bias"] = config.forget_bias
    layer = make_layer(config.cell, input_size, hidden_size, **options)
    if config.init == "orthogonal":
        orthogonal_(layer)
    elif config.init == "chrono":
        assert config.chrono_max is not None  # noqa: S101 (the configuration saw to it)
        chrono_(layer, config.chrono_max)
    return layer
