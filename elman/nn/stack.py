"""Layers on top of each other, of any kinds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from elman._errors import ConfigError, ShapeError
from elman.nn.layer import Lengths
from elman.nn.state import State

__all__ = ["Stacked"]


class Stacked(nn.Module):
    """Feed each layer's output to the next; the state is a tuple with one entry per layer.

    Args:
        layers: `RNN`, `LSTM`, `GRU`, `Recurrent`, `Bidirectional`, `Stacked`, or anything with
            their call: ``layer(x, state, lengths=, reset=) -> (output, state)``. All of them in
            one layout, batch first or not.
        dropout: Put between the layers, not after the last: `torch.nn.Dropout`,
            `LockedDropout`. ``None`` for nothing.

    Raises:
        ConfigError: If there is no layer.

    Example:
        >>> layers = [elman.nn.LSTM(3, 4, bidirectional=True), elman.nn.GRU(8, 5)]
        >>> stack = elman.nn.Stacked(layers, dropout=elman.nn.LockedDropout(0.3))
        >>> output, ((h, c), h_top) = stack(torch.randn(6, 2, 3))
        >>> output.shape
        torch.Size([6, 2, 5])
    """

    def __init__(self, layers: Iterable[nn.Module], dropout: nn.Module | None = None) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.dropout = dropout
        if not len(self.layers):
            raise ConfigError("layers: expected at least one, got none")
        layouts = {layer.batch_first for layer in self.layers if hasattr(layer, "batch_first")}
        if len(layouts) > 1:
            raise ConfigError("layers: some are batch_first and some are not; build all alike")

    def initial_state(self, batch: int) -> State:
        """Return each layer's initial state."""
        return tuple(layer.initial_state(batch) for layer in self.layers)  # type: ignore[operator]

    def forward(
        self,
        x: Tensor,
        state: State | None = None,
        *,
        lengths: Lengths | None = None,
        reset: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Run all layers; arguments as for each of them."""
        count = len(self.layers)
        if state is not None and (not isinstance(state, tuple) or len(state) != count):
            raise ShapeError(f"state: expected a tuple with one entry for each of {count} layers")
        given: tuple[Any, ...] = (None,) * count if state is None else state
        finals = []
        for k, layer in enumerate(self.layers):
            x, final = layer(x, given[k], lengths=lengths, reset=reset)
            finals.append(final)
            if self.dropout is not None and k < count - 1:
                x = self.dropout(x)
        return x, tuple(finals)
