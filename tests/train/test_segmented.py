"""Segmented BPTT has the gradient of the whole window and the memory of a part of it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from elman._errors import ShapeError
from elman.train import Batch, Outcome, segmented_backward, split_time


class Regression:
    """A float64 LSTM with dropout between its layers, and a loss over ``(B, T)``."""

    def __init__(self, dropout: float = 0.4, hidden: int = 5) -> None:
        torch.manual_seed(2)
        self.lstm = nn.LSTM(3, hidden, 2, batch_first=True, dropout=dropout).double()
        self.head = nn.Linear(hidden, 2).double()

    def parameters(self):
        return [*self.lstm.parameters(), *self.head.parameters()]

    def __call__(self, batch, state):
        y, state = self.lstm(batch.inputs, state)
        loss = (self.head(y) - batch.targets).square().mean()
        return Outcome(loss, loss.detach(), y.shape[0] * y.shape[1], state)


def window(steps, batch=4):
    torch.manual_seed(7)
    return Batch(torch.randn(batch, steps, 3).double(), torch.randn(batch, steps, 2).double(), True)


def full_bptt(objective, segments, state):
    """The graph through all segments, kept whole: the meaning of the gradient."""
    outcomes, count = [], sum(s.inputs.shape[0] * s.inputs.shape[1] for s in segments)
    for segment in segments:
        outcomes.append(objective(segment, state))
        state = outcomes[-1].state
    loss = sum(o.loss * (o.count / count) for o in outcomes)
    return loss, state


def gradients(objective):
    grads = [p.grad.clone() for p in objective.parameters()]
    for p in objective.parameters():
        p.grad = None
    return grads


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize(("steps", "length"), [(12, 4), (13, 4), (12, 1), (5, 9), (1, 1)])
@pytest.mark.parametrize("given", [False, True], ids=["zero-state", "given-state"])
def test_gradient_is_that_of_full_bptt(dropout, steps, length, given):
    objective = Regression(dropout)
    state = (torch.randn(2, 4, 5).double(), torch.randn(2, 4, 5).double()) if given else None
    segments = split_time(window(steps), length)

    torch.manual_seed(11)
    loss, final = full_bptt(objective, segments, state)
    loss.backward()
    expected, follows = gradients(objective), torch.rand(3)

    torch.manual_seed(11)
    outcome = segmented_backward(objective, segments, state)
    torch.testing.assert_close(gradients(objective), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(outcome.loss, loss.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(outcome.nats, loss.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(outcome.state, tuple(s.detach() for s in final), rtol=0, atol=0)
    assert outcome.count == 4 * steps
    assert not any(s.requires_grad for s in outcome.state)
    assert torch.equal(torch.rand(3), follows)  # the random numbers go on as after one pass


def test_gradient_is_that_of_the_window_in_one_piece():
    objective = Regression(0.0)
    objective(window(30), None).loss.backward()
    expected = gradients(objective)
    segmented_backward(objective, split_time(window(30), 7))
    torch.testing.assert_close(gradients(objective), expected, rtol=1e-12, atol=1e-12)


def test_cutting_the_border_would_show():
    """Truncated BPTT, which is what this must not be, is far from the gradient."""
    objective = Regression(0.0)
    segments = split_time(window(12), 4)
    loss, _ = full_bptt(objective, segments, None)
    loss.backward()
    expected = gradients(objective)
    state = None
    for segment in segments:
        outcome = objective(segment, state)
        (outcome.loss / 3).backward()
        state = tuple(s.detach() for s in outcome.state)
    truncated = gradients(objective)
    assert max((a - b).abs().max() for a, b in zip(truncated, expected, strict=True)) > 1e-4


def test_scale_and_accumulation():
    objective = Regression(0.0)
    segments = split_time(window(8), 4)
    segmented_backward(objective, segments)
    once = gradients(objective)
    segmented_backward(objective, segments, scale=0.25)
    segmented_backward(objective, segments, scale=0.5)
    torch.testing.assert_close(gradients(objective), [0.75 * g for g in once])


def test_state_of_any_nest():
    """A list with None and whole numbers in it; only what has a gradient gets one."""
    objective = Regression(0.0)

    def nested(batch, state):
        inner = None if state is None else tuple(state[0])
        outcome = objective(batch, inner)
        seen = 1 if state is None else state[1] + 1
        state = [list(outcome.state), torch.as_tensor(seen), None]
        return Outcome(outcome.loss, outcome.nats, outcome.count, state)

    segments = split_time(window(9), 3)
    segmented_backward(objective, segments)
    expected = gradients(objective)
    outcome = segmented_backward(nested, segments)
    torch.testing.assert_close(gradients(objective), expected, rtol=0, atol=0)
    assert outcome.state[1].item() == 3 and outcome.state[2] is None


def peak_saved_bytes(run) -> int:
    """Return the most bytes that graphs held at one time for their backward passes."""
    held, peak = {}, 0

    class Held:
        def __init__(self, tensor):
            nonlocal peak
            self.tensor = tensor
            held[id(self)] = tensor.numel() * tensor.element_size()
            peak = max(peak, sum(held.values()))

        def __del__(self):
            del held[id(self)]

    with torch.autograd.graph.saved_tensors_hooks(Held, lambda kept: kept.tensor):
        run()
    return peak


def test_memory_is_flat_in_the_length_of_the_window():
    def segmented(steps):
        objective = Regression(0.0, hidden=16)
        segments = split_time(window(steps), 8)
        return peak_saved_bytes(lambda: segmented_backward(objective, segments))

    def whole(steps):
        objective = Regression(0.0, hidden=16)
        return peak_saved_bytes(lambda: objective(window(steps), None).loss.backward())

    short, long = segmented(16), segmented(512)
    assert long <= 1.05 * short
    assert whole(512) > 8 * whole(16)  # the measure sees what it should
    assert long < whole(512) / 8


def test_split_time_covers_the_window_once():
    batch = window(11)
    segments = split_time(batch, 4)
    assert [s.fresh for s in segments] == [True, False, False]
    assert torch.equal(torch.cat([s.inputs for s in segments], 1), batch.inputs)
    assert torch.equal(torch.cat([s.targets for s in segments], 1), batch.targets)


def test_split_time_refuses_what_has_no_common_time():
    with pytest.raises(ShapeError, match=r"one T, got \[\(2, 5\), \(2, 4\)\]"):
        split_time(Batch(torch.zeros(2, 5), torch.zeros(2, 4), True), 2)
    with pytest.raises(ShapeError, match="one T"):
        split_time(Batch(torch.zeros(2, 5), torch.zeros(2), True), 2)
