from __future__ import annotations

import math

import torch

from elman.train import Batch, Outcome
from elman.train.step import make_backward, on_device, take_step
from elman.train.training import Training


def test_one_step_moves_cursor_weights_and_meter(small):
    net = small.Net()
    training = Training(net, 8, small.config(accumulate=2))
    before = net.head.weight.detach().clone()
    backward = make_backward(small.NextToken(net), training)
    take_step(training, small.Stream(), backward, None)
    assert (training.step, training.epoch, training.index) == (1, 0, 2)
    assert training.meter.tokens == training.meter.counted == 2 * 3 * 6
    assert not torch.equal(net.head.weight, before)
    assert all(p.grad is None for p in net.parameters())
    assert all(not s.requires_grad for s in training.carried)


def test_a_bad_step_leaves_no_gradient_behind(small):
    net = small.Net()
    training = Training(net, 8, small.config())
    before = net.head.weight.detach().clone()

    def objective(batch, state):
        outcome = small.NextToken(net)(batch, state)
        return Outcome(outcome.loss * math.inf, outcome.nats, outcome.count, outcome.state)

    take_step(training, small.Stream(), make_backward(objective, training), None)
    assert torch.equal(net.head.weight, before)
    assert all(p.grad is None for p in net.parameters())
    assert (training.step, training.skipped, training.nonfinite) == (1, 1, 1)
    assert training.meter.counted == 0 and training.meter.tokens == 18


def test_batches_move_to_the_device():
    """The meta device stands for any that is not the CPU."""
    batch = Batch((torch.zeros(2), None), [torch.zeros(3)], fresh=True)
    moved = on_device(batch, torch.device("meta"))
    assert moved.inputs[0].device.type == moved.targets[0].device.type == "meta"
    assert moved.inputs[1] is None and moved.fresh
