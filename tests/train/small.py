"""A small stream to learn, for every test of the loop and for the runs that are killed.

Run as a program, it trains and appends each step's loss, as its bits, to a file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.train import Batch, CheckpointStore, Outcome, Stepped, StreamTrainConfig, fit

VOCABULARY, HIDDEN, BATCH, LENGTH, BATCHES = 7, 12, 3, 6, 8


class Stream:
    """A text of period 5 with some noise, as carried windows: fresh only where an epoch begins."""

    def __init__(self, vary: bool = False, batches: int = BATCHES) -> None:
        generator = torch.Generator().manual_seed(3)
        steps = batches * LENGTH + LENGTH
        period = torch.arange(steps).remainder(5).expand(BATCH, steps)
        noise = torch.randint(0, VOCABULARY, (BATCH, steps), generator=generator)
        noisy = torch.rand(BATCH, steps, generator=generator) < 0.1
        self.text = torch.where(noisy, noise, period)
        self.vary, self.batches = vary, batches

    def __len__(self) -> int:
        return self.batches

    def batch(self, epoch: int, index: int) -> Batch:
        length = LENGTH - (epoch + index) % 3 if self.vary else LENGTH
        start = index * LENGTH
        window = self.text[:, start : start + length + 1]
        return Batch(window[:, :-1], window[:, 1:], fresh=index == 0)


class Net(nn.Module):
    def __init__(self, dropout: float = 0.2, sparse: bool = False) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.embedding = nn.Embedding(VOCABULARY, HIDDEN, sparse=sparse)
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, 2, batch_first=True, dropout=dropout)
        self.head = nn.Linear(HIDDEN, VOCABULARY)

    def forward(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        y, state = self.lstm(self.embedding(tokens), state)
        return self.head(y), state


class NextToken:
    """The objective; what it is given to do wrong at a call, it does."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.calls = 0
        self.at_call: dict[int, Any] = {}

    def __call__(self, batch: Batch, state: Any) -> Outcome:
        logits, state = self.net(batch.inputs, state)
        loss = F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten())
        outcome = Outcome(loss, loss.detach(), batch.targets.numel(), state)
        self.calls += 1
        change = self.at_call.get(self.calls)
        return outcome if change is None else change(outcome)


def config(**options: Any) -> StreamTrainConfig:
    """Return a configuration for 40 steps with every step reported, changed by ``options``."""
    return StreamTrainConfig(**{"steps": 40, "report_every": 1, "lr": 0.02, **options})


def main(folder: str, losses: str, options: str) -> None:
    """Train, or go on training, in a process that may die at any instant."""
    torch.set_num_threads(1)
    net = Net()
    with Path(losses).open("a") as file:
        for event in fit(
            net,
            NextToken(net),
            Stream(vary=True),
            config(**json.loads(options)),
            validate=lambda: float(sum(p.double().sum() for p in net.parameters())),
            checkpoints=CheckpointStore(folder),
            resume=True,
        ):
            if isinstance(event, Stepped):
                bits = [event.nats.hex(), event.grad_norm.hex(), event.lr.hex()]
                file.write(json.dumps([event.step, *bits]) + "\n")
                file.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
