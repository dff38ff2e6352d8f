r"""One step of a recurrent network as a module: write `step`, and everything else follows.

`Cell` is what a person subclasses; `EquationCell` is a `Cell` whose equation stands in
`ops.steps`, so that the fast kernels can run it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from elman._errors import ShapeError
from elman._shapes import check_shape
from elman.nn.options import check_bool, check_size
from elman.nn.parameters import WeightedModule, parameter_shapes, reset_parameters
from elman.nn.state import State, map_state, select_rows
from elman.ops import reference
from elman.ops.call import Call, Weights
from elman.ops.lengths import lengths_to_mask, reverse_reset, reverse_time
from elman.ops.recurrence import check_lengths, recurrence
from elman.ops.steps import CellSpec

__all__ = ["Cell", "EquationCell"]


class Cell(nn.Module):
    """Base of a user's own cell: define `initial_state` and `step`, run it with `Recurrent`.

    A state is a tensor or a nested tuple of tensors; the first dimension of each is the batch.

    Example:
        >>> class LeakyCell(elman.nn.Cell):
        ...     def __init__(self, input_size, hidden_size):
        ...         super().__init__()
        ...         self.mix = torch.nn.Linear(input_size + hidden_size, hidden_size)
        ...     def initial_state(self, batch):
        ...         return self.mix.weight.new_zeros(batch, self.mix.out_features)
        ...     def step(self, x, state):
        ...         new = torch.tanh(self.mix(torch.cat([x, state], -1)))
        ...         state = 0.9 * state + 0.1 * new
        ...         return state, state
        >>> output, state = elman.nn.Recurrent(LeakyCell(3, 4))(torch.randn(5, 2, 3))
        >>> output.shape
        torch.Size([5, 2, 4])
    """

    def initial_state(self, batch: int) -> State:
        """Return the state of ``batch`` rows before their first step."""
        raise NotImplementedError(f"{type(self).__name__} must define initial_state(batch)")

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Do one step: ``x (B, I)`` and a state to ``y (B, .)`` and the next state."""
        raise NotImplementedError(f"{type(self).__name__} must define step(x, state)")

    def over_time(
        self,
        x: Tensor,
        state: State | None,
        lengths: Tensor | None,
        reset: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, State]:
        """Run `step` over ``x (T, B, I)``; what the options mean is told in `Recurrent`."""
        steps, batch = x.shape[:2]
        state = self.initial_state(batch) if state is None else state
        fresh = None if reset is None else self.initial_state(batch)
        valid = None
        if lengths is not None:
            check_lengths(lengths, steps, batch)
            valid = lengths_to_mask(lengths, steps)  # (T, B)
            x = x.masked_fill(~valid.unsqueeze(-1), 0.0)  # a NaN there must not reach a gradient
        if reverse:
            x = reverse_time(x, lengths)
            reset = None if reset is None else reverse_reset(reset, lengths)
        outputs = []
        for t in range(steps):
            before = state
            if reset is not None and fresh is not None:
                before = select_rows(reset[t], fresh, state)
            y, after = self.step(x[t], before)
            if valid is not None:
                y = y.masked_fill(~valid[t].reshape(-1, *(1,) * (y.dim() - 1)), 0.0)
                after = select_rows(valid[t], after, state)
            state = after
            outputs.append(y)
        if not outputs:
            with torch.no_grad():  # only a step knows how wide the output is
                y, _ = self.step(x.new_zeros(x.shape[1:]), state)
            return y.new_zeros(0, *y.shape), state
        output = torch.stack(outputs)
        return (reverse_time(output, lengths) if reverse else output), state


class EquationCell(Cell, WeightedModule):
    """A cell whose equation stands in `ops.steps`: base of `ElmanCell`, `LSTMCell`, `GRUCell`.

    Args:
        spec: The cell's equation.
        input_size: Features per step, I.
        hidden_size: Features of the memory, H.
        bias: Whether there are biases.
        device: Where the parameters live.
        dtype: What the parameters are.
        layer_norm: Layer-normalise both products, and an LSTM's memory.
    """

    def __init__(
        self,
        spec: CellSpec,
        input_size: int,
        hidden_size: int,
        bias: bool,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
        *,
        layer_norm: bool,
    ) -> None:
        super().__init__()
        check_size("input_size", input_size)
        check_size("hidden_size", hidden_size)
        check_bool("bias", bias)
        check_bool("layer_norm", layer_norm)
        self.spec = spec
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        self.layer_norm = layer_norm
        shapes, norms = parameter_shapes(spec, input_size, hidden_size, 0, bias, layer_norm)
        for name, shape in {**shapes, **norms}.items():
            setattr(self, name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self._fields = (*shapes, *norms)
        if not bias:  # torch's cells have the names, too
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew, as torch's cells do."""
        reset_parameters(self.named_parameters(), self.hidden_size)

    def weights(self) -> list[Weights]:
        """Return the parameters, alone in a list."""
        return [Weights(**{name: getattr(self, name) for name in self._fields})]

    def initial_state(self, batch: int) -> State:
        """Return zeros: ``(B, H)``, or a pair of them."""
        like = self.weights()[0].weight_hh
        zeros = tuple(like.new_zeros(batch, self.hidden_size) for _ in self.spec.state)
        return given_state(zeros)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Do one step: ``x (B, I)`` and a state to ``h (B, H)`` and the next state."""
        if x.dim() != 2 or x.shape[1] != self.input_size:
            raise ShapeError(f"x: expected (B, I={self.input_size}), got {tuple(x.shape)}")
        flat = self._flat_state(state, x.shape[0])
        (weights,) = self.weights()
        gates_x = reference.input_product(x, weights)
        new, _ = reference.step(self.spec, gates_x, flat, weights)
        return new[0], given_state(new)

    def forward(self, x: Tensor, state: State | None = None) -> State:
        """Do one step as torch's cells do: return the next state alone.

        Shape:
            - x: ``(B, I)``, or ``(I,)`` unbatched
            - state: a tensor or an LSTM's pair, each ``(B, H)``, or ``(H,)``; ``None``: zeros
        """
        if x.dim() == 1:
            batched = None if state is None else map_state(lambda s: s.unsqueeze(0), state)
            return map_state(lambda s: s.squeeze(0), self.forward(x.unsqueeze(0), batched))
        return self.step(x, self.initial_state(x.shape[0]) if state is None else state)[1]

    def over_time(
        self,
        x: Tensor,
        state: State | None,
        lengths: Tensor | None,
        reset: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, State]:
        """Run over time on the kernels; a subclass with a step of its own gets the plain loop."""
        if type(self).step is not EquationCell.step:
            return super().over_time(x, state, lengths, reset, reverse)
        flat = self._flat_state(self.initial_state(x.shape[1]) if state is None else state, None)
        (weights,) = self.weights()
        result = recurrence(Call(self.spec, x, flat, weights, lengths, reset), reverse=reverse)
        return result.output, given_state(result.state)

    def _flat_state(self, state: State, batch: int | None) -> tuple[Tensor, ...]:
        """Return the state as a tuple of checked tensors."""
        flat = (state,) if isinstance(state, Tensor) else state
        if len(flat) != len(self.spec.state):
            raise ShapeError(
                f"state: {type(self).__name__} takes ({', '.join(self.spec.state)}), "
                f"got {len(flat)} parts"
            )
        tensors = []
        for name, value in zip(self.spec.state, flat, strict=True):
            if not isinstance(value, Tensor):
                raise ShapeError(f"state {name}: expected a tensor, got a tuple")
            check_shape(f"state {name}", value, B=batch, H=self.hidden_size)
            tensors.append(value)
        return tuple(tensors)

    def extra_repr(self) -> str:
        """Show sizes and whatever is not the default."""
        shown = [f"{self.input_size}, {self.hidden_size}"]
        shown += ["bias=False"] if not self.bias else []
        shown += ["nonlinearity=relu"] if self.spec.name == "rnn_relu" else []
        shown += ["layer_norm=True"] if self.layer_norm else []
        return ", ".join(shown)


def given_state(flat: tuple[Tensor, ...]) -> State:
    """Turn a flat tuple to what the caller sees: one tensor alone, or the pair."""
    return flat if len(flat) > 1 else flat[0]
