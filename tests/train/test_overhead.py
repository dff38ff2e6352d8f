"""What the loop costs beside the bare one, in CPU time, which others at work disturb least."""

from __future__ import annotations

import statistics
import time

import pytest
import torch

from elman.train import fit

STEPS, ROUNDS = 80, 9


def bare(small):
    net, stream = small.Net(), small.Stream()
    objective, state = small.NextToken(net), None
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01, fused=True)
    started = time.process_time()
    for step in range(STEPS):
        batch = stream.batch(0, step % len(stream))
        outcome = objective(batch, None if batch.fresh else state)
        state = tuple(s.detach() for s in outcome.state)
        optimizer.zero_grad()
        outcome.loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        outcome.loss.item()
    return (time.process_time() - started) / STEPS


def ours(small):
    net = small.Net()
    options = small.config(steps=STEPS, report_every=10)
    started = time.process_time()
    for _ in fit(net, small.NextToken(net), small.Stream(), options):
        pass
    return (time.process_time() - started) / STEPS


@pytest.mark.slow
def test_the_loop_costs_at_most_five_hundredths(small, monkeypatch):
    # a small model, not a toy: some milliseconds a step
    monkeypatch.setattr(small, "HIDDEN", 64)
    monkeypatch.setattr(small, "BATCH", 16)
    monkeypatch.setattr(small, "LENGTH", 32)
    bare(small), ours(small)
    pairs = [(ours(small), bare(small)) for _ in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in pairs)
    step_ms = 1e3 * statistics.median(b for _, b in pairs)
    print(f"loop / bare: {ratio:.4f} of {step_ms:.2f} ms of CPU a step")
    assert ratio <= 1.05
