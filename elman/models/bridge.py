"""From an encoder's last state to a decoder's first."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from elman.nn.state import State

__all__ = ["Bridge", "DecoderState", "tensors_of"]

DecoderState = tuple[State, ...]
"""One state for each layer of the decoder."""


class Bridge(nn.Module):
    """The encoder's last states, turned into the decoder's first, layer by layer.

    A decoder with more layers than the encoder starts the others from the encoder's last layer.
    An LSTM's ``h`` and ``c`` have a map each; what is bounded in the layer is bounded here.

    Args:
        inputs: Units of a layer of the encoder, those of both directions together.
        outputs: Units of a layer of the decoder, H'.
        layers: Of the decoder.
        tensors: Of a layer's state: one, or an LSTM's two.

    Example:
        >>> import torch
        >>> first = Bridge(6, 4, layers=2, tensors=1)((torch.randn(2, 5, 3),))
        >>> [state.shape for state in first]
        [torch.Size([1, 5, 4]), torch.Size([1, 5, 4])]

    Source:
        Bahdanau, Cho & Bengio 2015, arXiv:1409.0473, section A.2.2.
    """

    def __init__(self, inputs: int, outputs: int, layers: int, tensors: int) -> None:
        super().__init__()
        self.maps = nn.ModuleList(
            nn.ModuleList(nn.Linear(inputs, outputs) for _ in range(tensors)) for _ in range(layers)
        )

    def forward(self, states: tuple[State, ...]) -> DecoderState:
        """Map ``(D, B, H)`` of every tensor to ``(1, B, H')``."""
        return tuple(
            self.crossed(states[min(k, len(states) - 1)], cast(nn.ModuleList, maps))
            for k, maps in enumerate(self.maps)
        )

    def crossed(self, state: State, maps: nn.ModuleList) -> State:
        """Map the tensors of one layer."""
        parts = []
        for k, (tensor, linear) in enumerate(zip(tensors_of(state), maps, strict=True)):
            mapped: Tensor = linear(tensor.transpose(0, 1).flatten(1).unsqueeze(0))
            parts.append(mapped if k else mapped.tanh())  # 1 is an LSTM's c, without bounds
        return tuple(parts) if isinstance(state, tuple) else parts[0]


def tensors_of(state: State) -> tuple[Tensor, ...]:
    """Return the tensors of one layer's state: one, or an LSTM's two."""
    return cast("tuple[Tensor, ...]", (state,) if isinstance(state, Tensor) else state)
