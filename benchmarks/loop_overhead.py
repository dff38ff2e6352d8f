"""What the training loop costs over a bare torch loop on the same small model.

Both loops see the same windows, model, optimiser and clipping; they take turns, and medians of
the rounds are compared. Run on an idle machine:

    python benchmarks/loop_overhead.py [--rounds 9] [--steps 60] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from elman.cli.doctor import processor
from elman.data.stream import TokenStream
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.train.config import TrainConfig
from elman.train.loop import fit
from elman.train.objective import Outcome

VOCABULARY = 65


def make(hidden: int) -> tuple[LanguageModel, TokenStream]:
    torch.manual_seed(0)
    config = LanguageModelConfig(hidden_size=hidden, num_layers=1, embedding_size=32, dropout=0.0)
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 400_000, dtype=np.uint8)
    return LanguageModel(VOCABULARY, config), TokenStream(ids, 16, 64)


def bare(hidden: int, steps: int) -> float:
    """Train as one writes it by hand; return seconds."""
    model, source = make(hidden)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    state = None
    began = time.perf_counter()
    for index in range(steps):
        batch = source.batch(0, index)
        loss = model.loss(batch.inputs, batch.targets, state)
        state = tuple(tuple(s.detach() for s in layer) for layer in loss.state)
        optimizer.zero_grad()
        loss.total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        float(loss.nats.detach())
    return time.perf_counter() - began


def fitted(hidden: int, steps: int) -> float:
    """Train with the loop; return seconds."""
    model, source = make(hidden)

    def objective(batch: object, state: object) -> Outcome:
        loss = model.loss(batch.inputs, batch.targets, state)
        return Outcome(loss.total, loss.nats.detach(), batch.targets.numel(), loss.state)

    config = TrainConfig(steps=steps, lr=1e-3, schedule="constant")
    began = time.perf_counter()
    for _ in fit(model, objective, source, config):
        pass
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for hidden in (64, 128, 256):
        bare(hidden, 5), fitted(hidden, 5)  # warm up
        times: dict[str, list[float]] = {"bare": [], "fit": []}
        for _ in range(options.rounds):
            times["bare"].append(bare(hidden, options.steps))
            times["fit"].append(fitted(hidden, options.steps))
        ratios = [f / b for f, b in zip(times["fit"], times["bare"], strict=True)]
        row = {
            "hidden_size": hidden,
            "bare_ms_per_step": statistics.median(times["bare"]) / options.steps * 1e3,
            "fit_ms_per_step": statistics.median(times["fit"]) / options.steps * 1e3,
            "overhead_percent": (statistics.median(ratios) - 1) * 100,
            "spread_percent": (max(ratios) - min(ratios)) * 100,
        }
        rows.append(row)
        print(
            f"LSTM 1x{hidden}, B16 T64: bare {row['bare_ms_per_step']:.2f} ms/step, "
            f"fit {row['fit_ms_per_step']:.2f}, overhead {row['overhead_percent']:+.1f} % "
            f"(spread over rounds {row['spread_percent']:.1f})"
        )
    if options.json:
        machine = {"processor": processor()[0], "torch": torch.__version__}
        machine["threads"] = str(torch.get_num_threads())
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
