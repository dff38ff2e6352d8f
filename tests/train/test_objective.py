from __future__ import annotations

from types import SimpleNamespace

import torch

from elman.train import Outcome, fit
from elman.train.objective import Batch


def test_a_source_may_return_any_value_with_the_three_names(small):
    """The objective always gets a `Batch`, whatever the source made."""
    net, seen = small.Net(), []

    class Source(small.Stream):
        def batch(self, epoch, index):
            batch = super().batch(epoch, index)
            return SimpleNamespace(inputs=batch.inputs, targets=batch.targets, fresh=batch.fresh)

    def objective(batch, state):
        seen.append((type(batch), batch.fresh, state is None))
        return small.NextToken(net)(batch, state)

    list(fit(net, objective, Source(), small.config(steps=9)))
    assert {kind for kind, _, _ in seen} == {Batch}
    # the state is carried but where a batch is fresh
    assert [fresh for _, fresh, _ in seen] == [True] + [False] * 7 + [True]
    assert all(fresh == zero for _, fresh, zero in seen)


def test_nats_may_be_a_plain_number(small):
    net = small.Net()

    def objective(batch, state):
        outcome = small.NextToken(net)(batch, state)
        return Outcome(outcome.loss + 5.0, 1.25, outcome.count, outcome.state)

    events = list(fit(net, objective, small.Stream(), small.config(steps=1)))
    assert events[1].nats == 1.25  # what is reported is not what is differentiated
    assert torch.isfinite(net.head.weight).all()
