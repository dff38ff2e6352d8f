"""Any cell over time: a user's cell obeys the same rules as the kernels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from elman import nn
from elman._errors import DtypeError, ShapeError
from elman.nn.options import OptionTypeError
from elman.ops.lengths import reverse_time


class TwoSpeeds(nn.Cell):
    """A cell of a user's: nested state, learned initial state, an output unlike its state."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = torch.nn.Linear(3 + 4, 4, dtype=torch.float64)
        self.first = torch.nn.Parameter(torch.randn(4, dtype=torch.float64))
        self.show = torch.nn.Linear(8, 5, dtype=torch.float64)

    def initial_state(self, batch: int) -> Any:
        return self.first.expand(batch, 4), (self.first.new_zeros(batch, 2, 2),)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        fast, (slow,) = state
        fast = torch.tanh(self.mix(torch.cat([x, fast], -1)))
        slow = 0.9 * slow + 0.1 * fast.reshape(slow.shape)
        return self.show(torch.cat([fast, slow.flatten(1)], -1)), (fast, (slow,))


class LoopedGRU(nn.GRUCell):
    """A kernel cell with a step of its own, hence run in the plain loop."""

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        return super().step(x, state)


def make(cell: str) -> nn.Cell:
    torch.manual_seed(0)
    if cell == "user":
        return TwoSpeeds()
    build: Any = {"elman": nn.ElmanCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}[cell]
    return build(3, 4, layer_norm=True, dtype=torch.float64)  # type: ignore[no-any-return]


CELLS = ["user", "elman", "lstm", "gru"]
each = pytest.mark.parametrize("cell", CELLS)
cases = st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(0, 999))


def same(a: Any, b: Any) -> None:
    nn.map_state(lambda x, y: (torch.testing.assert_close(x, y), x)[1], a, b)


def random_x(case: tuple[int, int, int]) -> Tensor:
    steps, batch, seed = case
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(steps, batch, 3, dtype=torch.float64, generator=rng)


@each
@settings(max_examples=6)
@given(case=cases, where=st.floats(0, 1))
def test_split_invariance(cell: str, case: tuple[int, int, int], where: float) -> None:
    layer, x = nn.Recurrent(make(cell)), random_x(case)
    split = round(where * len(x))
    output, state = layer(x)
    first, middle = layer(x[:split])
    second, final = layer(x[split:], middle)
    torch.testing.assert_close(torch.cat([first, second]), output)
    same(final, state)


@each
@settings(max_examples=6)
@given(case=cases, reverse=st.booleans(), data=st.data())
def test_padding_never_leaks(
    cell: str, case: tuple[int, int, int], reverse: bool, data: st.DataObject
) -> None:
    layer, x = nn.Recurrent(make(cell), reverse=reverse), random_x(case)
    steps, batch = x.shape[:2]
    lengths = data.draw(st.lists(st.integers(0, steps), min_size=batch, max_size=batch))
    reset = torch.rand(steps, batch, generator=torch.Generator().manual_seed(case[2])) < 0.3
    dirty, dirty_reset = x.clone(), reset.clone()
    for b, length in enumerate(lengths):
        dirty[length:, b] = float("nan")
        dirty_reset[length:, b] = True
    results = []
    for value, cuts in ((x, reset), (dirty, dirty_reset)):
        output, state = layer(value, lengths=lengths, reset=cuts)
        nothing = sum(p.sum() for p in layer.parameters()) * 0.0  # T = 0 has no graph
        grads = torch.autograd.grad(output.sum() + nothing, list(layer.parameters()))
        results.append((output, state, grads))
    assert torch.equal(results[0][0], results[1][0])
    same(results[0][1], results[1][1])
    for a, b in zip(results[0][2], results[1][2], strict=True):
        assert torch.equal(a, b)
    for b, length in enumerate(lengths):
        alone, _ = layer(x[:length, b : b + 1], reset=reset[:length, b : b + 1])
        torch.testing.assert_close(results[0][0][:length, b], alone[:, 0])


@pytest.mark.parametrize("reverse", [False, True])
@each
def test_reset_starts_a_new_sequence(cell: str, reverse: bool) -> None:
    layer, x = nn.Recurrent(make(cell), reverse=reverse), random_x((5, 2, 1))
    reset = torch.zeros(5, 2, dtype=torch.bool)
    reset[2] = True
    output, _ = layer(x, reset=reset)
    torch.testing.assert_close(output, torch.cat([layer(x[:2])[0], layer(x[2:])[0]]))


@each
def test_reverse_is_forward_on_the_flipped_sequence(cell: str) -> None:
    step, x = make(cell), random_x((5, 3, 1))
    lengths = torch.tensor([5, 0, 2])
    back, final = nn.Recurrent(step, reverse=True)(x, lengths=lengths)
    ahead, expected = nn.Recurrent(step)(reverse_time(x, lengths), lengths=lengths)
    torch.testing.assert_close(back, reverse_time(ahead, lengths))
    same(final, expected)


@each
def test_batch_first(cell: str) -> None:
    step, x = make(cell), random_x((5, 3, 1))
    reset = torch.rand(5, 3) < 0.4
    time_first, state = nn.Recurrent(step)(x, lengths=[5, 0, 2], reset=reset)
    batch_first, other = nn.Recurrent(step, batch_first=True)(
        x.transpose(0, 1), lengths=[5, 0, 2], reset=reset.T
    )
    torch.testing.assert_close(batch_first.transpose(0, 1), time_first)
    same(state, other)


def test_kernels_equal_the_plain_loop() -> None:
    torch.manual_seed(0)
    looped = LoopedGRU(3, 4, dtype=torch.float64)
    kernel = nn.GRUCell(3, 4, dtype=torch.float64)
    kernel.load_state_dict(looped.state_dict())
    x = random_x((6, 3, 1))
    for reverse in (False, True):
        runs = [
            nn.Recurrent(c, reverse=reverse)(x, lengths=[6, 2, 0], reset=torch.rand(6, 3) < 0)
            for c in (looped, kernel)
        ]
        same(*runs)


def test_a_subclass_with_a_step_of_its_own_is_obeyed() -> None:
    class Doubled(nn.GRUCell):
        def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
            y, state = super().step(x, state)
            return 2 * y, state

    cell = Doubled(3, 4)
    x = torch.randn(4, 2, 3)
    output, _ = nn.Recurrent(cell)(x)
    torch.testing.assert_close(output[0], 2 * cell.step(x[0], cell.initial_state(2))[1])


def test_learned_initial_state_gets_a_gradient() -> None:
    cell = TwoSpeeds()
    nn.Recurrent(cell)(random_x((3, 2, 0)))[0].sum().backward()
    assert cell.first.grad is not None
    assert cell.first.grad.any()


def test_bidirectional_joins_two_recurrents() -> None:
    ahead, back, x = make("lstm"), make("user"), random_x((5, 3, 2))
    both = nn.Bidirectional(ahead, back)
    output, state = both(x, lengths=[5, 0, 2])
    y, expected = nn.Recurrent(ahead)(x, lengths=[5, 0, 2])
    y_back, expected_back = nn.Recurrent(back, reverse=True)(x, lengths=[5, 0, 2])
    assert torch.equal(output, torch.cat([y, y_back], -1))
    same(state, (expected, expected_back))
    same(both.initial_state(3), (ahead.initial_state(3), back.initial_state(3)))
    same(both(x, both.initial_state(3))[0], both(x)[0])
    with pytest.raises(ShapeError, match="expected a pair"):
        both(x, torch.zeros(3, 4))


def test_errors() -> None:
    with pytest.raises(OptionTypeError, match=r"expected an elman\.nn\.Cell, got Linear"):
        nn.Recurrent(torch.nn.Linear(3, 4))  # type: ignore[arg-type]
    layer = nn.Recurrent(make("user"), batch_first=True)
    x = random_x((5, 3, 0)).transpose(0, 1)
    with pytest.raises(ShapeError, match=r"x: expected \(B, T, I\)"):
        layer(x[0])
    with pytest.raises(ShapeError, match="reset: expected"):
        layer(x, reset=torch.zeros(5, 3, dtype=torch.bool))
    with pytest.raises(DtypeError, match=r"reset: expected torch\.bool"):
        layer(x, reset=torch.zeros(3, 5))
    with pytest.raises(ShapeError, match="from 0 to T=5"):
        layer(x, lengths=[6, 1, 1])
    assert repr(nn.Recurrent(make("user"), True, True)).startswith(
        "Recurrent(\n  batch_first=True, reverse=True"
    )
