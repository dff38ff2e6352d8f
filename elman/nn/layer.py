"""What `RNN`, `LSTM` and `GRU` share: layers and directions around `ops.recurrence`.

Owns the parameters, the layouts (batch first or not, packed, unbatched) and the random masks of
training. Knows no equation and no kernel: both are in `elman.ops`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from elman._errors import DtypeError, ShapeError
from elman._shapes import check_shape
from elman.nn.init import forget_bias_
from elman.nn.options import check_bool, check_rate, check_size
from elman.nn.parameters import WeightedModule, parameter_shapes, reset_parameters
from elman.nn.regularize import bernoulli
from elman.nn.state import State, map_state
from elman.ops.backends import BACKENDS
from elman.ops.call import Call, Result, Trace, Weights
from elman.ops.recurrence import Explanation, explain, recurrence, recurrence_trace
from elman.ops.steps import CellSpec

__all__ = ["LayerTrace", "RecurrentLayer", "as_lengths"]

Lengths = Tensor | Sequence[int]


class LayerTrace(NamedTuple):
    """What `RecurrentLayer.trace` returns.

    Attributes:
        output: As the layer returns it.
        state: As the layer returns it.
        layers: One `ops.Trace` for each direction of each layer, in the layer's layout:
            ``layers[0][1].gates["f"]`` is the first layer's forget gate, run backwards.
    """

    output: Tensor
    state: State
    layers: list[list[Trace]]


@dataclass(frozen=True)
class Sequences:
    """A batch of sequences as the kernels want it: time-major, the state as a flat tuple."""

    x: Tensor  # (T, B, I)
    state: tuple[Tensor, ...]  # each (L*D, B, .)
    lengths: Tensor | None  # (B,)
    reset: Tensor | None  # (T, B)


class RecurrentLayer(WeightedModule):
    """Base of `RNN`, `LSTM` and `GRU`: one or more layers, in one or two directions.

    Args:
        spec: The cell.
        input_size: Features per step, I.
        hidden_size: Features of the memory, H.
        num_layers: Layers, L.
        bias: Whether there are biases.
        batch_first: Whether tensors are ``(B, T, .)`` instead of ``(T, B, .)``.
        dropout: Rate between the layers, in training.
        bidirectional: Whether each layer also runs backwards.
        proj_size: Features that ``h`` is projected to, or 0.
        device: Where the parameters live.
        dtype: What the parameters are.
        layer_norm: Layer-normalise both products, and an LSTM's memory.
        zoneout: Rate for each state tensor.
        recurrent_dropout: Rate of the mask on ``h``, one per sequence.
        weight_drop: Rate at which entries of ``weight_hh`` are dropped, once per call.
        forget_bias: First value of the bias of the gate that keeps.
        backend: A name in `ops.backends.BACKENDS`, or ``auto``.
    """

    def __init__(
        self,
        spec: CellSpec,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
        *,
        layer_norm: bool,
        zoneout: float | tuple[float, float],
        recurrent_dropout: float,
        weight_drop: float,
        forget_bias: float | None,
        backend: str,
    ) -> None:
        super().__init__()
        check_size("input_size", input_size)
        check_size("hidden_size", hidden_size)
        check_size("num_layers", num_layers)
        check_size("proj_size", proj_size, least=0)
        if proj_size >= hidden_size:
            raise ShapeError(
                f"proj_size: expected less than hidden_size={hidden_size}, got {proj_size}"
            )
        for name, value in (
            ("bias", bias),
            ("batch_first", batch_first),
            ("bidirectional", bidirectional),
            ("layer_norm", layer_norm),
        ):
            check_bool(name, value)
        self.spec = spec
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = check_rate("dropout", dropout, one=True)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self.layer_norm = layer_norm
        self.zoneout = zoneout_rates(spec, zoneout)
        self.recurrent_dropout = check_rate("recurrent_dropout", recurrent_dropout)
        self.weight_drop = check_rate("weight_drop", weight_drop)
        self.forget_bias = forget_bias
        self.backend = backend
        if backend != "auto":
            BACKENDS[backend]  # an unknown name is an error here, not at the first call
        if self.dropout and num_layers == 1:
            warnings.warn(
                f"dropout acts between layers, so with num_layers=1 dropout={dropout} does nothing",
                stacklevel=3,
            )
        self._parts = self._make_parameters(device, dtype)
        self.reset_parameters()

    def _make_parameters(
        self, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> list[dict[str, str]]:
        """Create all parameters, torch's first; map `Weights` fields to names, part by part."""
        parts: list[dict[str, str]] = []
        late: dict[str, tuple[int, ...]] = {}

        def make(name: str, shape: tuple[int, ...]) -> None:
            setattr(self, name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))

        for layer in range(self.num_layers):
            for suffix in (f"_l{layer}", f"_l{layer}_reverse")[: self.num_directions]:
                inputs = self.output_size if layer else self.input_size
                shapes, norms = parameter_shapes(
                    self.spec, inputs, self.hidden_size, self.proj_size, self.bias, self.layer_norm
                )
                for name, shape in shapes.items():
                    make(name + suffix, shape)
                late |= {name + suffix: shape for name, shape in norms.items()}
                parts.append({name: name + suffix for name in (*shapes, *norms)})
        for name, shape in late.items():
            make(name, shape)
        return parts

    def reset_parameters(self) -> None:
        """Draw all parameters anew, as `torch.nn` does, then set the forget bias."""
        reset_parameters(self.named_parameters(), self.hidden_size)
        if self.forget_bias is not None:
            forget_bias_(self, self.forget_bias)

    @property
    def num_directions(self) -> int:
        """D: 2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """Features of the output per step: D times P, or D times H without a projection."""
        return self.num_directions * (self.proj_size or self.hidden_size)

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """Weights and biases of each layer and direction, as torch lists them."""
        return [
            [getattr(self, name) for field, name in part.items() if not field.startswith("norm_")]
            for part in self._parts
        ]

    def weights(self) -> list[Weights]:
        """Return the parameters of each layer and direction, forward before backward."""
        return [Weights(**self._fields(part)) for part in self._parts]

    def _fields(self, part: dict[str, str]) -> dict[str, Tensor]:
        """Look the tensors of one part up by name, so that a replaced parameter is seen."""
        return {field: getattr(self, name) for field, name in part.items()}

    def flatten_parameters(self) -> None:
        """Lay each layer's and direction's weights side by side for cuDNN; nothing on the CPU."""
        for weights in self.all_weights:
            flatten_for_cudnn(self.spec.name, self.bias, self.proj_size, weights)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> RecurrentLayer:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.flatten_parameters()
        return self

    def initial_state(self, batch: int) -> State:
        """Return the zero state for ``batch`` rows, in the layer's dtype and on its device."""
        parts = self.num_layers * self.num_directions
        like = self.weights()[0].weight_hh
        zeros = tuple(like.new_zeros(parts, batch, size) for size in self._state_sizes)
        return self._given_state(zeros)

    def forward(
        self,
        x: Tensor | PackedSequence,
        state: State | None = None,
        *,
        lengths: Lengths | None = None,
        reset: Tensor | None = None,
        hx: State | None = None,
    ) -> tuple[Any, Any]:
        """Run whole sequences.

        Args:
            x: The input.
            state: Where to start; ``None`` means zeros.
            lengths: How many steps of each row are real, 0 to T, in any order. Beyond them the
                output is zero, and the state stays what it was at the row's last step.
            reset: True where the state is zero before that step: a new sequence starts there,
                for both directions.
            hx: The state under torch's name, for code that passes it by keyword.

        Shape:
            - x: ``(T, B, I)``, ``(B, T, I)`` if batch first, ``(T, I)`` unbatched, or packed
            - state: one tensor, or an LSTM's pair, each ``(L*D, B, .)``; ``(L*D, .)`` unbatched
            - lengths: ``(B,)`` whole numbers, a tensor or a list
            - reset: bool, ``(T, B)``, ``(B, T)`` if batch first, or ``(T,)`` unbatched
            - returns: ``(output, state)``; output is shaped as x, with D*P or D*H features. Both
              have the dtype of the parameters, also under autocast, where products run in bfloat16

        Raises:
            ShapeError: If a shape does not fit the layer.
            DtypeError: If a dtype or a device does not fit the layer.
            BackendUnavailable: If the backend asked for by name cannot serve this call.
        """
        if hx is not None:
            if state is not None:
                raise ShapeError("state: given twice, also as hx; give one of them")
            state = hx
        if isinstance(x, PackedSequence):
            return self._forward_packed(x, state, lengths, reset)
        output, final = self._over_layers(self._arrange(x, state, lengths, reset), recurrence)
        if x.dim() == 2:
            return output.squeeze(1), self._given_state(tuple(s.squeeze(1) for s in final))
        return self._given_layout(output), self._given_state(final)

    def trace(
        self,
        x: Tensor,
        state: State | None = None,
        *,
        lengths: Lengths | None = None,
        reset: Tensor | None = None,
    ) -> LayerTrace:
        """Run as `forward` does, on the same backend, and return every gate and state as well.

        Gates and states have the layer's layout, ``(T, B, .)`` or ``(B, T, .)``, and
        ``(T, .)`` unbatched. Beyond a row's length states are held and gates mean nothing.
        """
        if isinstance(x, PackedSequence):
            raise ShapeError("trace: got a PackedSequence; give a padded x and lengths=")
        traces: list[Trace] = []

        def run(call: Call, *, reverse: bool, backend: str) -> Result:
            result, trace = recurrence_trace(call, reverse=reverse, backend=backend)
            traces.append(trace)
            return result

        output, final = self._over_layers(self._arrange(x, state, lengths, reset), run)
        unbatched = x.dim() == 2
        if unbatched:
            final = tuple(s.squeeze(1) for s in final)

        def place(value: Tensor) -> Tensor:
            return value.squeeze(1) if unbatched else self._given_layout(value)

        placed = [
            Trace(
                {name: place(gate) for name, gate in trace.gates.items()},
                {name: place(value) for name, value in trace.states.items()},
            )
            for trace in traces
        ]
        each = self.num_directions
        layers = [placed[k : k + each] for k in range(0, len(placed), each)]
        return LayerTrace(place(output), self._given_state(final), layers)

    def explain(
        self,
        x: Tensor | None = None,
        state: State | None = None,
        *,
        lengths: Lengths | None = None,
        reset: Tensor | None = None,
    ) -> Explanation:
        """Say which backend the first layer gets for this call, and why not another.

        Args:
            x: The input; ``None`` asks for two steps of one row.
            state: As for `forward`.
            lengths: As for `forward`.
            reset: As for `forward`.

        Example:
            >>> print(elman.nn.GRU(3, 4, layer_norm=True, backend="reference").explain())
            runs on 'reference'
            ...
        """
        if x is None:
            x = self._given_layout(self.weights()[0].weight_ih.new_zeros(2, 1, self.input_size))
        given = self._arrange(x, state, lengths, reset)
        devices = [x.device] if x.device.type == "cuda" else []
        with torch.random.fork_rng(devices):  # asking must not change what the next call draws
            return explain(self._call(0, given.x, given), self.backend)

    def _over_layers(
        self, given: Sequences, run: Callable[..., Result]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run layer after layer; return the output ``(T, B, .)`` and the stacked states."""
        x = given.x
        finals: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(self.num_directions):
                call = self._call(layer * self.num_directions + direction, x, given)
                result = run(call, reverse=direction == 1, backend=self.backend)
                outputs.append(result.output)
                finals.append(result.state)
            x = torch.cat(outputs, -1) if self.bidirectional else outputs[0]
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        return x, tuple(torch.stack(parts) for parts in zip(*finals, strict=True))

    def _call(self, part: int, x: Tensor, given: Sequences) -> Call:
        """Put together what one layer in one direction runs on, with its random masks."""
        fields = self._fields(self._parts[part])
        if self.weight_drop and self.training:
            fields["weight_hh"] = F.dropout(fields["weight_hh"], self.weight_drop)
        state = tuple(s[part] for s in given.state)
        mask = None
        if self.recurrent_dropout and self.training:
            mask = F.dropout(torch.ones_like(state[0]), self.recurrent_dropout)
        zoneout: tuple[Tensor | None, ...] = ()
        if any(self.zoneout):
            zoneout = tuple(
                self._zoneout_mask(rate, s, x.shape[0]) if rate else None
                for rate, s in zip(self.zoneout, state, strict=True)
            )
        return Call(
            self.spec, x, state, Weights(**fields), given.lengths, given.reset, mask, zoneout
        )

    def _zoneout_mask(self, rate: float, state: Tensor, steps: int) -> Tensor:
        """Return the fraction that stays: drawn 0 or 1 in training, the rate in evaluation."""
        if not self.training:
            return state.new_tensor(rate).expand(steps, *state.shape)
        return bernoulli(state, steps, rate)

    @property
    def _state_sizes(self) -> tuple[int, ...]:
        """Features of each state tensor."""
        shown = self.proj_size or self.hidden_size
        return (shown, *(self.hidden_size for _ in self.spec.state[1:]))

    def _arrange(
        self, x: Tensor, state: State | None, lengths: Lengths | None, reset: Tensor | None
    ) -> Sequences:
        """Check what came and turn it time-major and batched."""
        if x.dim() not in (2, 3):
            layout = "(B, T, I)" if self.batch_first else "(T, B, I)"
            raise ShapeError(f"x: expected {layout}, or (T, I) unbatched, got {tuple(x.shape)}")
        if x.dim() == 2:
            if lengths is not None:
                raise ShapeError(
                    f"lengths: an unbatched x {tuple(x.shape)} has no padding; leave lengths out"
                )
            x = x.unsqueeze(1)
            if state is not None:
                state = map_state(lambda s: self._checked_unbatched(s).unsqueeze(1), state)
            if reset is not None:
                check_shape("reset", reset, T=x.shape[0])
                reset = reset.unsqueeze(1)
        elif self.batch_first:
            if reset is not None:
                check_shape("reset", reset, B=x.shape[0], T=x.shape[1])
                reset = reset.transpose(0, 1)
            x = x.transpose(0, 1)
        if x.shape[2] != self.input_size:
            raise ShapeError(
                f"x has {x.shape[2]} features but {type(self).__name__} was built with "
                f"input_size={self.input_size} (x, time first: {tuple(x.shape)})"
            )
        batch = x.shape[1]
        flat = self._flat_state(state, batch, x)
        if lengths is not None:
            lengths = as_lengths(lengths, batch, x.device)
        return Sequences(x, flat, lengths, reset)

    def _flat_state(self, state: State | None, batch: int, x: Tensor) -> tuple[Tensor, ...]:
        """Return the state as a tuple of checked tensors, zeros if none was given."""
        if state is None:
            state = self.initial_state(batch)
        flat = (state,) if isinstance(state, Tensor) else tuple(state)
        names = self.spec.state
        if len(flat) != len(names) or not all(isinstance(s, Tensor) for s in flat):
            wanted = f"({', '.join(names)})" if len(names) > 1 else f"one tensor {names[0]}"
            raise ShapeError(f"state: {type(self).__name__} takes {wanted}, got {len(flat)} parts")
        parts = self.num_layers * self.num_directions
        tensors: list[Tensor] = []
        for name, value, size in zip(names, flat, self._state_sizes, strict=True):
            assert isinstance(value, Tensor)  # noqa: S101 (checked above, all at once)
            check_shape(f"state {name}", value, **{"L*D": parts, "B": batch, "H": size})
            tensors.append(value)
        return tuple(tensors)

    def _checked_unbatched(self, state: Tensor) -> Tensor:
        """Raise unless a state tensor is 2-D, as an unbatched input wants it."""
        if state.dim() != 2:
            raise ShapeError(f"state: x is unbatched, expected (L*D, H), got {tuple(state.shape)}")
        return state

    def _forward_packed(
        self,
        packed: PackedSequence,
        state: State | None,
        lengths: Lengths | None,
        reset: Tensor | None,
    ) -> tuple[PackedSequence, State]:
        """Run a packed batch and pack the output the same way."""
        if lengths is not None:
            raise ShapeError("lengths: a PackedSequence brings its own; leave lengths out")
        data, batch_sizes, order, back = packed
        bare = PackedSequence(data, batch_sizes)  # rows stay as packed, longest first
        x, sizes = pad_packed_sequence(bare, batch_first=self.batch_first)
        if order is not None:
            if state is not None:
                state = map_state(lambda s: s.index_select(1, order), state)
            if reset is not None:
                reset = reset.index_select(0 if self.batch_first else 1, order)
        given = self._arrange(x, state, sizes, reset)
        output, final = self._over_layers(given, recurrence)
        if back is not None:
            final = tuple(s.index_select(1, back) for s in final)
        data = pack_padded_sequence(output, sizes).data
        return PackedSequence(data, batch_sizes, order, back), self._given_state(final)

    def _given_layout(self, x: Tensor) -> Tensor:
        """Turn ``(T, B, .)`` to the layer's layout."""
        return x.transpose(0, 1) if self.batch_first else x

    def _given_state(self, flat: tuple[Tensor, ...]) -> State:
        """Turn a flat tuple to what the caller sees: one tensor alone, or the pair."""
        return flat if len(flat) > 1 else flat[0]

    def extra_repr(self) -> str:
        """Show sizes and whatever is not the default, torch's options first."""
        shown = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
            "layer_norm": False,
            "zoneout": (0.0,) * len(self.spec.state),
            "recurrent_dropout": 0.0,
            "weight_drop": 0.0,
            "forget_bias": None,
            "backend": "auto",
        }
        for name, default in defaults.items():
            if (value := getattr(self, name)) != default:
                shown.append(f"{name}={value}")
        return ", ".join(shown)


def zoneout_rates(spec: CellSpec, zoneout: float | tuple[float, float]) -> tuple[float, ...]:
    """Return one rate for each state tensor."""
    if isinstance(zoneout, tuple | list):
        if len(zoneout) != len(spec.state) or len(spec.state) == 1:
            raise ShapeError(
                f"zoneout: expected one rate, or one for each of ({', '.join(spec.state)}), "
                f"got {zoneout}"
            )
        return tuple(
            check_rate(f"zoneout of {s}", z) for s, z in zip(spec.state, zoneout, strict=True)
        )
    return (check_rate("zoneout", zoneout),) * len(spec.state)


def as_lengths(lengths: Lengths, batch: int, device: torch.device) -> Tensor:
    """Return lengths as int64 on ``device``; values are checked where they are used.

    Example:
        >>> as_lengths([2, 0], 2, torch.device("cpu"))
        tensor([2, 0])
    """
    tensor = torch.as_tensor(lengths, device=device)
    if tensor.numel() == 0:
        tensor = tensor.to(torch.int64)  # an empty list comes as float
    if tensor.dtype == torch.bool or tensor.is_floating_point() or tensor.is_complex():
        raise DtypeError(f"lengths: expected whole numbers, got {tensor.dtype}")
    check_shape("lengths", tensor, B=batch)
    return tensor.to(torch.int64)


@torch.no_grad()
def flatten_for_cudnn(cell: str, bias: bool, proj: int, weights: list[nn.Parameter]) -> None:
    """Make the weights of one layer and direction neighbours in memory, in cuDNN's order."""
    modes = {"rnn_relu": 0, "rnn_tanh": 1, "lstm": 2, "gru": 3}
    first = weights[0]
    if (
        cell not in modes
        or not first.is_cuda
        or not torch.backends.cudnn.is_acceptable(first)  # type: ignore[no-untyped-call]
        or len({w.data_ptr() for w in weights}) != len(weights)
        or any(w.dtype != first.dtype or w.device != first.device for w in weights)
    ):
        return
    hidden = weights[1].shape[0] // {"lstm": 4, "gru": 3}.get(cell, 1)
    each = (4 if bias else 2) + (1 if proj else 0)
    inputs = first.shape[1]
    with torch.cuda.device_of(first):  # type: ignore[no-untyped-call]
        torch._cudnn_rnn_flatten_weight(
            list(weights), each, inputs, modes[cell], hidden, proj, 1, False, False
        )
