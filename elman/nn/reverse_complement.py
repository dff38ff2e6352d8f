r"""Layers that read both strands of DNA with the same weights.

Features of a sequence are *equivariant* if those of its reverse complement are the same ones,
reversed in time and in channels:

.. math::
    \phi(\text{rc}\, x) = \text{rc}\, \phi(x) \qquad (\text{rc}\, y)_{t, c} = y_{T-1-t,\, C-1-c}

One-hot letters in the order ACGT are: the complement of channel c is channel 3 - c. A layer that
keeps this so can stand above another; `InvariantPooling` ends the stack, and what it gives is the
same for both strands, whatever the weights are.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from elman._errors import ConfigError, ShapeError
from elman.nn.layer import Lengths, as_lengths
from elman.nn.pooling import Pooling
from elman.nn.state import State, map_state
from elman.ops.lengths import reverse_reset, reverse_time

__all__ = ["InvariantPooling", "ReverseComplement", "reverse_complement"]


def reverse_complement(x: Tensor, lengths: Lengths | None = None) -> Tensor:
    """Reverse time within each row's length, and the channels.

    Args:
        x: ``(T, B, C)``, equivariant features.
        lengths: Valid steps of each row; what is beyond stays in its place. ``None``: all T.

    Shape:
        - returns: ``(T, B, C)``

    Example:
        >>> x = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]], [[9.0, 9.0]]])
        >>> reverse_complement(x, [2])[:, 0]
        tensor([[4., 3.],
                [2., 1.],
                [9., 9.]])
    """
    sizes = None if lengths is None else as_lengths(lengths, x.shape[1], x.device)
    return reverse_time(x.flip(2), sizes)


class ReverseComplement(nn.Module):
    r"""Run a layer over both strands and join what it gives: its own inverse for either strand.

    .. math::
        y = [f(x),\; \text{rc}\, f(\text{rc}\, x)] \qquad y(\text{rc}\, x) = \text{rc}\, y(x)

    It is a bidirectional layer whose two directions share their weights, with the complement
    taken on the way back: half the parameters, and no strand is learned from alone.

    Args:
        layer: Any layer with elman's call, time-major: ``layer(x, state, lengths=, reset=) ->
            (output, state)``. Its input has the channels of equivariant features.
        complement: The complement of each input channel, if that is another order than the
            reverse one: ``(1, 0, 3, 2)`` for letters that stand as A, T, C, G.

    Raises:
        ConfigError: If the complement of a complement is not the channel itself.

    Shape:
        - x: ``(T, B, I)``; lengths: ``(B,)``; reset: ``(T, B)`` bool
        - returns: ``(T, B, 2 * R)``, whose complement is its reverse order of channels; the
          state is a pair, of the strand as given and of the other

    Source:
        Shrikumar, Greenside & Kundaje 2017, doi:10.1101/103663; Zhou, Shrikumar & Kundaje 2022,
        proceedings.mlr.press/v165/zhou22a.

    Example:
        >>> both = ReverseComplement(elman.nn.GRU(4, 3))
        >>> x = torch.eye(4)[torch.tensor([[0], [0], [2]])]  # AAG
        >>> other = torch.eye(4)[torch.tensor([[1], [3], [3]])]  # CTT
        >>> torch.equal(both(other)[0], reverse_complement(both(x)[0]))
        True
    """

    order: Tensor | None

    def __init__(self, layer: nn.Module, complement: tuple[int, ...] | None = None) -> None:
        super().__init__()
        if getattr(layer, "batch_first", False):
            raise ConfigError("layer: expected one that is time-major, got batch_first=True")
        order = None
        if complement is not None:
            order = torch.tensor(complement)
            known = sorted(complement) == list(range(len(complement)))
            if not known or not torch.equal(order[order], torch.arange(len(order))):
                raise ConfigError(
                    f"complement: expected a channel's number at each place, such that the "
                    f"complement of its complement is itself; got {complement}"
                )
        self.layer = layer
        self.register_buffer("order", order, persistent=False)

    def initial_state(self, batch: int) -> State:
        """Return the pair of the layer's initial states."""
        start = cast(State, self.layer.initial_state(batch))  # type: ignore[operator]
        return start, start

    def forward(
        self,
        x: Tensor,
        state: State | None = None,
        *,
        lengths: Lengths | None = None,
        reset: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Run both strands side by side, as rows of one batch."""
        if state is not None and (not isinstance(state, tuple) or len(state) != 2):
            raise ShapeError("state: expected a pair, of the strand as given and of the other")
        batch = x.shape[1]
        sizes = None if lengths is None else as_lengths(lengths, batch, x.device)
        turned = x if self.order is None else x[:, :, self.order].flip(2)
        both = torch.cat([x, reverse_complement(turned, sizes)], 1)
        rows = None if sizes is None else torch.cat([sizes, sizes])
        if reset is not None:
            reset = torch.cat([reset, reverse_reset(reset, sizes)], 1)
        # A state's rows are its last dimension but one, whatever is before.
        start = None if state is None else map_state(lambda *s: torch.cat(s, -2), *state)
        output, final = self.layer(both, start, lengths=rows, reset=reset)
        ahead, other = output.split(batch, 1)
        halves = [map_state(lambda s: s.narrow(-2, first, batch), final) for first in (0, batch)]  # noqa: B023
        joined = torch.cat([ahead, reverse_complement(other, sizes)], 2)
        return joined, (halves[0], halves[1])


class InvariantPooling(Pooling):
    r"""Pool both strands and take the mean: the same vector for both, bit by bit.

    .. math::
        z = \tfrac{1}{2}\big(g(y) + g(\text{rc}\, y)\big)

    Args:
        pooling: g. If it is of fewer features than there are, it gets the first ones: half of
            them is what `ReverseComplement` found on one strand.

    Shape:
        - output: ``(T, B, C)``, equivariant features; lengths: ``(B,)``
        - returns: ``(B, R)``, as many as g gives

    Example:
        >>> pooling = InvariantPooling(elman.nn.MaxPooling(2))
        >>> pooling(torch.tensor([[[1.0, 5.0]], [[2.0, 3.0]]]))
        tensor([[3.5000, 3.5000]])
    """

    def __init__(self, pooling: Pooling) -> None:
        super().__init__(pooling.size, bidirectional=pooling.bidirectional)
        self.pooling = pooling

    def forward(self, output: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Pool over time."""
        batch = output.shape[1]
        turned = reverse_complement(output, lengths)
        both = torch.cat([output, turned], 1)[:, :, : self.pooling.size]
        rows = None if lengths is None else torch.cat([lengths, lengths])
        pooled: Tensor = self.pooling(both, rows)
        return (pooled[:batch] + pooled[batch:]) / 2

    def start(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """Refuse: the other strand begins at the end."""
        raise ConfigError("what both strands share is not known before the end is there")
