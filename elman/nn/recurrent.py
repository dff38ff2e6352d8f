"""Any cell over time, in one direction or in two."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman._errors import DtypeError, ShapeError
from elman._shapes import check_shape
from elman.nn.cell import Cell
from elman.nn.layer import Lengths, as_lengths
from elman.nn.options import OptionTypeError, check_bool
from elman.nn.state import State

__all__ = ["Bidirectional", "Recurrent"]


class Recurrent(nn.Module):
    """Run a cell over whole sequences.

    Elman's own cells run on the fast kernels; a cell of yours runs in a plain loop.

    Args:
        cell: A `Cell`: anything with ``initial_state(batch)`` and ``step(x, state)``.
        batch_first: Whether tensors are ``(B, T, .)`` instead of ``(T, B, .)``.
        reverse: Run from each row's last valid step to its first.

    Example:
        >>> layer = elman.nn.Recurrent(elman.nn.GRUCell(3, 4), batch_first=True)
        >>> output, h = layer(torch.randn(2, 5, 3), lengths=[5, 3])
        >>> output.shape, h.shape
        (torch.Size([2, 5, 4]), torch.Size([2, 4]))
    """

    def __init__(self, cell: Cell, batch_first: bool = False, reverse: bool = False) -> None:
        super().__init__()
        if not isinstance(cell, Cell):
            raise OptionTypeError(
                f"cell: expected an elman.nn.Cell, got {type(cell).__name__}; subclass Cell and "
                "define initial_state(batch) and step(x, state)"
            )
        check_bool("batch_first", batch_first)
        check_bool("reverse", reverse)
        self.cell = cell
        self.batch_first = batch_first
        self.reverse = reverse

    def initial_state(self, batch: int) -> State:
        """Return the cell's state of ``batch`` rows before their first step."""
        return self.cell.initial_state(batch)

    def forward(
        self,
        x: Tensor,
        state: State | None = None,
        *,
        lengths: Lengths | None = None,
        reset: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Run whole sequences.

        Args:
            x: The input.
            state: Where to start; ``None`` asks the cell for its initial state.
            lengths: How many steps of each row are real, 0 to T. Beyond them the output is
                zero, and the state stays what it was at the row's last step.
            reset: True where the cell's initial state is taken before that step, for both
                directions.

        Shape:
            - x: ``(T, B, I)``, or ``(B, T, I)`` if batch first
            - lengths: ``(B,)`` whole numbers, a tensor or a list
            - reset: bool, ``(T, B)``, or ``(B, T)`` if batch first
            - returns: ``(output, state)``; the output's layout is x's, the state is the cell's

        Raises:
            ShapeError: If a shape does not fit.
            DtypeError: If lengths are not whole numbers or reset is not bool.
        """
        if x.dim() != 3:
            layout = "(B, T, I)" if self.batch_first else "(T, B, I)"
            raise ShapeError(f"x: expected {layout}, got {tuple(x.shape)}")
        x = x.transpose(0, 1) if self.batch_first else x
        if reset is not None:
            if reset.dtype != torch.bool:
                raise DtypeError(f"reset: expected torch.bool, got {reset.dtype}")
            steps, batch = x.shape[:2]
            if self.batch_first:
                check_shape("reset", reset, B=batch, T=steps)
                reset = reset.transpose(0, 1)
            else:
                check_shape("reset", reset, T=steps, B=batch)
        rows = None if lengths is None else as_lengths(lengths, x.shape[1], x.device)
        output, final = self.cell.over_time(x, state, rows, reset, self.reverse)
        return (output.transpose(0, 1) if self.batch_first else output), final

    def extra_repr(self) -> str:
        """Show what is not the default."""
        shown = ["batch_first=True"] if self.batch_first else []
        return ", ".join([*shown, "reverse=True"] if self.reverse else shown)


class Bidirectional(nn.Module):
    """Run one cell forwards and another backwards, and join their outputs by feature.

    The backward half is aligned: its output at a step has seen that step and all after it.

    Args:
        forward_cell: Runs from the first step on.
        backward_cell: Runs from the last valid step back.
        batch_first: Whether tensors are ``(B, T, .)`` instead of ``(T, B, .)``.

    Shape:
        - as `Recurrent`, with both cells' features in the output; the state is a pair of theirs

    Example:
        >>> both = elman.nn.Bidirectional(elman.nn.LSTMCell(3, 4), elman.nn.GRUCell(3, 5))
        >>> output, ((h, c), h_back) = both(torch.randn(6, 2, 3))
        >>> output.shape
        torch.Size([6, 2, 9])
    """

    def __init__(self, forward_cell: Cell, backward_cell: Cell, batch_first: bool = False) -> None:
        super().__init__()
        self.batch_first = batch_first
        self.forwards = Recurrent(forward_cell, batch_first)
        self.backwards = Recurrent(backward_cell, batch_first, reverse=True)

    def initial_state(self, batch: int) -> State:
        """Return the pair of the cells' initial states."""
        return self.forwards.initial_state(batch), self.backwards.initial_state(batch)

    def forward(
        self,
        x: Tensor,
        state: State | None = None,
        *,
        lengths: Lengths | None = None,
        reset: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Run both halves; see `Recurrent.forward`."""
        if state is not None and (not isinstance(state, tuple) or len(state) != 2):
            raise ShapeError("state: expected a pair, the forward cell's and the backward cell's")
        ahead, back = (None, None) if state is None else state
        y, ahead = self.forwards(x, ahead, lengths=lengths, reset=reset)
        y_back, back = self.backwards(x, back, lengths=lengths, reset=reset)
        return torch.cat([y, y_back], -1), (ahead, back)
