"""What is paid besides the arithmetic: imports, packing of weights, one call, the training loop."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import torch

from elman import nn
from elman._errors import RunError
from elman.bench.plan import Case, Plan
from elman.bench.record import Comparison, Row
from elman.bench.rivals import Rivals
from elman.bench.step import StepProblem
from elman.bench.targets import LOOP
from elman.bench.turns import Run, Timing, take_turns
from elman.data.stream import TokenStream
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.ops.backends.cpu_products import packed
from elman.train.config import TrainConfig
from elman.train.loop import fit
from elman.train.objective import Outcome

__all__ = ["cases"]

IMPORTS = {"elman.nn": "torch", "elman.runtime": "numpy", "elman.cli.app": "rich.table"}
"""What is imported, and what of that is not ours."""
HIDDEN, QUICK_HIDDEN = (64, 128, 256), (64,)
STEPS = 40
VOCABULARY, BATCH, LENGTH = 65, 16, 64


def cases(plan: Plan, rivals: Rivals) -> list[Case]:
    """Return imports and loops, and packing and a call for each cell."""
    threads = plan.threads[-1]

    def importing(module: str) -> Case:
        return Case(f"import {module}", threads, lambda: [import_time(plan, module)])

    def packing(cell: str) -> Case:
        return Case(f"{cell} packing", threads, lambda: [pack_time(plan, cell)])

    def calling(cell: str) -> Case:
        return Case(f"{cell} call", threads, lambda: call_time(plan, cell))

    def looping(hidden: int) -> Case:
        return Case(f"loop, lstm {hidden}", threads, lambda: [loop_time(plan, hidden)])

    return [
        *(importing(module) for module in IMPORTS),
        *(packing(cell) for cell in plan.cells),
        *(calling(cell) for cell in plan.cells),
        *(looping(h) for h in (QUICK_HIDDEN if plan.quick else HIDDEN) if "lstm" in plan.cells),
    ]


def row(
    cell: str, case: str, unit: str, timed: dict[str, Timing], target: float | None = None
) -> Row:
    """Return a row whose ratio is elman's time over the other's, the median over the rounds.

    Each round has its own ratio: what is sought here is smaller than a machine's slow drift.
    """
    (own, ours), (other, theirs) = timed.items()
    scale = {"ms": 1e3, "us": 1e6}[unit]
    ratio = float(np.median(np.divide(ours.seconds, theirs.seconds)))
    return Row(
        part="overhead",
        cell=cell,
        case=case,
        threads=torch.get_num_threads(),
        unit=unit,
        contenders=(ours.contender(own, scale=scale), theirs.contender(other, scale=scale)),
        comparisons=(Comparison(other, ratio, target, "at most"),),
    )


def import_time(plan: Plan, module: str) -> Row:
    """Import in fresh processes, in turns with what it stands on."""
    modules = (module, IMPORTS[module])
    kept: list[list[float]] = [[], []]
    for _ in range(plan.least):
        for name, seconds in zip(modules, kept, strict=True):
            seconds.append(import_seconds(name))
    timed = {f"import {n}": Timing(tuple(s)) for n, s in zip(modules, kept, strict=True)}
    return row("", f"import {module}", "ms", timed)


def import_seconds(module: str) -> float:
    """Return how long a fresh process needs for an import, without Python's own start.

    Raises:
        RunError: If the process fails.
    """
    code = (
        "import time; began = time.perf_counter()\n"
        f"import {module}\n"
        "print(time.perf_counter() - began)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunError(f"import {module} failed in a fresh process: {done.stderr.strip()}")
    return float(done.stdout)


def pack_time(plan: Plan, cell: str) -> Row:
    """Pack recurrent weights, which every call of a layer does, beside a copy of them."""
    hidden = 256
    layer = nn.make_layer(cell, hidden, hidden)
    weight = layer.weights()[0].weight_hh.detach()
    gates = len(layer.spec.gates)
    runs: list[Run] = [lambda: packed(weight, gates, False), weight.clone]
    pack, copy = take_turns(runs, plan)
    return row(cell, f"pack W_hh, H = {hidden}", "us", {"pack": pack, "copy": copy})


def call_time(plan: Plan, cell: str) -> list[Row]:
    """Call with one unit and one step: nothing but overhead."""
    one = torch.zeros(1, 1, 1)
    own = nn.make_layer(cell, 1, 1, backend="cpu")
    kinds: dict[str, Any] = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
    theirs = kinds[cell](1, 1)
    problem = StepProblem(cell, 1)
    with torch.inference_mode():
        runs: list[Run] = [lambda: own(one), lambda: theirs(one)]
        runs += [problem.stepper(), problem.torch_cell()]
        layer, torch_layer, stepper, torch_cell = take_turns(runs, plan, slice_s=0.005)

    def learn(net: Any) -> Run:
        return lambda: net(one)[0].sum().backward()

    learned, torch_learned = take_turns([learn(own), learn(theirs)], plan, slice_s=0.005)
    named = {"elman.nn": layer, "torch.nn": torch_layer}
    trained = {"elman.nn": learned, "torch.nn": torch_learned}
    return [
        row(cell, "call a layer", "us", named),
        row(cell, "call a layer and its backward", "us", trained),
        row(cell, "call a stepper", "us", {"elman": stepper, "torch cell": torch_cell}),
    ]


class Loop:
    """The same training, by hand and by `elman.train.fit`: model, windows, optimiser, clipping."""

    def __init__(self, hidden: int, steps: int) -> None:
        self.hidden, self.steps = hidden, steps
        rng = np.random.default_rng(0)
        self.ids = rng.integers(0, VOCABULARY, 400_000, dtype=np.uint8)

    def make(self) -> tuple[LanguageModel, TokenStream]:
        """Return a new model and its windows."""
        config = LanguageModelConfig(
            hidden_size=self.hidden, num_layers=1, embedding_size=32, dropout=0.0
        )
        return LanguageModel(VOCABULARY, config), TokenStream(self.ids, BATCH, LENGTH)

    def by_hand(self) -> None:
        """Train as one writes it."""
        model, source = self.make()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
        state: Any = None
        for index in range(self.steps):
            batch = source.batch(0, index)
            loss = model.loss(batch.inputs, batch.targets, state)
            state = nn.detach_state(loss.state)
            optimizer.zero_grad()
            loss.total.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            float(loss.nats.detach())

    def fitted(self) -> None:
        """Train with the loop."""
        model, source = self.make()

        def objective(batch: Any, state: Any) -> Outcome:
            loss = model.loss(batch.inputs, batch.targets, state)
            return Outcome(loss.total, loss.nats.detach(), batch.targets.numel(), loss.state)

        for _ in fit(model, objective, source, TrainConfig(steps=self.steps, lr=1e-3)):
            pass


def loop_time(plan: Plan, hidden: int) -> Row:
    """Time some steps of both; per step."""
    loop = Loop(hidden, STEPS)
    timings = take_turns([loop.fitted, loop.by_hand], plan)
    fitted, by_hand = (Timing(tuple(s / loop.steps for s in t.seconds)) for t in timings)
    named = {"elman.train.fit": fitted, "by hand": by_hand}
    return row("lstm", f"a training step, H = {hidden}, B 16, T 64", "ms", named, LOOP)
