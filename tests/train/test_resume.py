"""A training that was broken off and taken up has the bits of one that was not."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from elman._errors import ConfigError, RunError
from elman.train import CheckpointStore, Started, Stepped, Stopped, Validated, fit
from elman.train.nest import tensors_in

ROOT = Path(__file__).parents[2]


class Broken(Exception):
    """Stands for whatever ends a process."""


def train(small, folder, options, vary=False, sparse=False, break_at=None):
    """Train, resuming what is in the folder; return the net, the reports and the last state."""
    net = small.Net(sparse=sparse)
    objective = small.NextToken(net)
    store = CheckpointStore(folder)
    reports = []
    events = fit(
        net,
        objective,
        small.Stream(vary),
        small.config(checkpoint_every=1, **options),
        # it grows, which moves the plateau and the trigger of NT-ASGD
        validate=lambda: net.head.weight.double().square().sum().item(),
        checkpoints=store,
        resume=True,
    )
    try:
        for event in events:
            if isinstance(event, (Stepped, Validated)):
                parts = {
                    k: getattr(event, k)
                    for k in ("step", "nats", "grad_norm", "lr", "best")
                    if hasattr(event, k)
                }
                reports.append(parts)
            if break_at is not None and event.step == break_at and isinstance(event, Stepped):
                raise Broken
    except Broken:
        events.close()
    return net, reports, store.newest().state


def same_bits(a, b) -> bool:
    """Compare two nests, tensors by their bits; what the clock measured is left out."""
    ours, theirs = list(tensors_in(a)), list(tensors_in(b))
    return len(ours) == len(theirs) and all(
        x.dtype == y.dtype and torch.equal(x, y) for x, y in zip(ours, theirs, strict=True)
    )


def without_time(state):
    meter = {k: v for k, v in state["meter"].items() if k != "seconds"}
    return {**state, "elapsed_s": 0.0, "meter": meter}


CASES = {
    "adamw": {},
    "sgd-momentum": {"optimizer": "sgd", "momentum": 0.9, "lr": 0.3, "weight_decay": 1e-3},
    "nt-asgd": {"optimizer": "nt-asgd", "lr": 0.5, "asgd_interval": 1, "eval_every": 2},
    "accumulate": {"accumulate": 2},
    "ema": {"ema_decay": 0.9},
    "plateau": {"schedule": "plateau", "plateau_patience": 0, "eval_every": 2},
    "warmup-constant": {"schedule": "constant", "warmup_steps": 15},
    "segments": {"segment_length": 2},
    "bf16": {"precision": "bf16"},
    "sparse": {"sparse": True},
    "sparse-accumulate-sgd": {"sparse": True, "accumulate": 2, "optimizer": "sgd"},
    "reports-of-4": {"report_every": 4},
}


@pytest.mark.parametrize("vary", [False, True], ids=["fixed", "vary"])
@pytest.mark.parametrize("case", CASES)
def test_resume_is_bit_exact(small, tmp_path, case, vary):
    options = {"steps": 24, "eval_every": 6, **CASES[case]}
    sparse = options.pop("sparse", False)
    net, reports, state = train(small, tmp_path / "a", options, vary, sparse)
    # break in the middle of an epoch, then at its end, then at once after a resume
    for at in (4 if case == "reports-of-4" else 5, 16, 20):
        torch.manual_seed(99)
        train(small, tmp_path / "b", options, vary, sparse, break_at=at)
    torch.manual_seed(99)
    again, later, restored = train(small, tmp_path / "b", options, vary, sparse)

    assert later == [report for report in reports if report["step"] >= later[0]["step"]]
    assert later[0]["step"] <= 20 and len(later) >= 2
    assert same_bits(list(net.parameters()), list(again.parameters()))
    assert same_bits(state, restored)
    assert (state["average"] is not None) == (case in {"ema", "nt-asgd"})
    assert case != "plateau" or state["schedule"]["scale"] < 1
    assert without_time(json_part(state)) == without_time(json_part(restored))


def json_part(state):
    """Return a state with every tensor replaced by its shape."""
    if isinstance(state, torch.Tensor):
        return list(state.shape)
    if isinstance(state, dict):
        return {k: json_part(v) for k, v in state.items()}
    if isinstance(state, (list, tuple)):
        return [json_part(v) for v in state]
    return state


def test_the_break_would_show(small, tmp_path):
    """Were the carried state or the random numbers lost, the comparison would see it."""
    options = {"steps": 12, "eval_every": 6}
    _, reports, _ = train(small, tmp_path / "a", options)
    for lost in ("carried", "rng", "optimizers"):
        folder = tmp_path / lost
        train(small, folder, options, break_at=6)
        store = CheckpointStore(folder)
        found = store.newest()
        other = small.Net()
        replaced = {
            "carried": None,
            "rng": {**found.state["rng"], "torch": torch.get_rng_state()},
            "optimizers": [torch.optim.AdamW(other.parameters()).state_dict()],
        }
        if lost == "optimizers":
            saved = found.state["optimizers"][0]
            replaced[lost] = [{**saved, "state": {}}]
        for path in store.paths():
            path.unlink()
        store.save(found.step, {**found.state, lost: replaced[lost]})
        _, later, _ = train(small, folder, options)
        assert later != [report for report in reports if report["step"] >= later[0]["step"]], lost


def test_every_generator_comes_back(small, tmp_path):
    """Python's and NumPy's random numbers too, for a source or an objective that uses them."""

    def run(folder, stop=None):
        net = small.Net()
        objective = small.NextToken(net)
        drawn = []

        def drawing(batch, state):
            drawn.append((random.random(), float(np.random.rand()), float(np.random.randn())))
            return objective(batch, state)

        store = CheckpointStore(folder)
        options = small.config(steps=9, checkpoint_every=1)
        events = fit(net, drawing, small.Stream(), options, checkpoints=store, resume=True)
        for event in events:
            if isinstance(event, Stepped) and event.step == stop:
                events.close()
        return drawn

    whole = run(tmp_path / "a")
    run(tmp_path / "b", stop=4)
    random.seed(1)
    np.random.seed(1)
    assert run(tmp_path / "b") == whole[3:]


def test_elapsed_time_counts_on(small, tmp_path, monkeypatch):
    from elman.train import training

    now = [0.0]
    monkeypatch.setattr(training.time, "monotonic", lambda: now[0])

    def run(stop=None):
        net = small.Net()
        objective = small.NextToken(net)

        def slow(batch, state):
            now[0] += 1.0
            return objective(batch, state)

        options = small.config(steps=None, minutes=0.25, checkpoint_every=1)
        store = CheckpointStore(tmp_path)
        events = fit(net, slow, small.Stream(), options, checkpoints=store, resume=True)
        last = None
        for event in events:
            last = event
            if isinstance(event, Stepped) and event.step == stop:
                events.close()
        return last

    run(stop=6)
    now[0] += 1000.0  # nobody trains here
    last = run()
    assert last.reason == "minutes" and last.elapsed_s == 15.0 and last.step == 15


def test_a_finished_training_stays_finished(small, tmp_path):
    options = {"steps": 6, "eval_every": 4}
    train(small, tmp_path, options)
    before = [path.name for path in CheckpointStore(tmp_path).paths()]
    net = small.Net()
    events = list(
        fit(
            net,
            small.NextToken(net),
            small.Stream(),
            small.config(checkpoint_every=1, **options),
            validate=lambda: pytest.fail("validated again"),
            checkpoints=CheckpointStore(tmp_path),
            resume=True,
        )
    )
    assert [type(event) for event in events] == [Started, Stopped]
    assert [path.name for path in CheckpointStore(tmp_path).paths()] == before


def test_resume_without_a_checkpoint_starts(small, tmp_path):
    _, reports, _ = train(small, tmp_path, {"steps": 2})
    assert reports[0]["step"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "sgd"}, "train.optimizer was 'adamw' and is 'sgd'"),
        ({"batch_size": 5}, "train.batch_size was 32 and is 5"),
        ({"accumulate": 2}, "train.accumulate was 1 and is 2"),
    ],
)
def test_resume_refuses_another_configuration(small, tmp_path, options, message):
    train(small, tmp_path, {"steps": 2})
    with pytest.raises(ConfigError, match=message):
        train(small, tmp_path, {"steps": 4, **options})


def test_resume_refuses_other_data(small, tmp_path):
    train(small, tmp_path, {"steps": 2})
    net = small.Net()
    events = fit(
        net,
        small.NextToken(net),
        small.Stream(batches=5),
        small.config(),
        checkpoints=CheckpointStore(tmp_path),
        resume=True,
    )
    with pytest.raises(ConfigError, match="had 8 batches and has 5"):
        list(events)


def test_resume_refuses_another_model(small, tmp_path):
    train(small, tmp_path, {"steps": 2})
    net = torch.nn.Linear(2, 2)
    events = fit(
        net,
        small.NextToken(net),
        small.Stream(),
        small.config(),
        checkpoints=CheckpointStore(tmp_path),
        resume=True,
    )
    with pytest.raises(RunError, match="does not fit this model"):
        list(events)


def test_state_of_any_nest_is_carried(small, tmp_path):
    """Lists, tuples and None come back as they were."""
    net = small.Net()
    seen = []

    def objective(batch, state):
        seen.append(state)
        outcome = small.NextToken(net)(batch, None if state is None else tuple(state[0]))
        state = [list(outcome.state), None, (torch.tensor(3),)]
        return type(outcome)(outcome.loss, outcome.nats, outcome.count, state)

    def run(steps):
        options = small.config(steps=steps, schedule="constant")
        store = CheckpointStore(tmp_path)
        return list(fit(net, objective, small.Stream(), options, checkpoints=store, resume=True))

    run(3)
    run(4)
    carried = seen[-1]
    assert isinstance(carried[0], list) and carried[1] is None and isinstance(carried[2], tuple)
    assert carried[2][0].item() == 3 and carried[0][0].dtype == torch.float32


def spawn(small_file, folder, losses, options):
    command = [sys.executable, str(small_file), str(folder), str(losses), json.dumps(options)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_killed_three_times_and_bit_exact(tmp_path):
    """kill -9 in the middle of an epoch, three times, each at another moment."""
    small_file = Path(__file__).with_name("small.py")
    options = {"steps": 160, "checkpoint_every": 5, "eval_every": 40, "ema_decay": 0.9}
    assert spawn(small_file, tmp_path / "a", tmp_path / "a.txt", options).wait() == 0
    whole = [json.loads(line) for line in (tmp_path / "a.txt").read_text().splitlines()]
    assert [row[0] for row in whole] == list(range(1, 161))

    killed = tmp_path / "b.txt"
    for kill_after in (13, 58, 111):
        process = spawn(small_file, tmp_path / "b", killed, options)
        while reached(killed) < kill_after:
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        with killed.open("a") as file:
            file.write("\n")  # close a line that the kill cut
    assert spawn(small_file, tmp_path / "b", killed, options).wait() == 0

    rows = [json.loads(line) for line in killed.read_text().splitlines() if whole_line(line)]
    expected = {row[0]: row for row in whole}
    assert all(row == expected[row[0]] for row in rows)
    assert {row[0] for row in rows} == set(expected)
    starts = [b for a, b in itertools.pairwise(rows) if b[0] <= a[0]]
    assert len(starts) >= 1  # steps were made again, so a resume really went back
    a, b = (CheckpointStore(tmp_path / name).newest().state for name in "ab")
    assert same_bits(a, b)


def whole_line(line: str) -> bool:
    return line.startswith("[") and line.endswith("]")


def reached(path: Path) -> int:
    """Return the last step in a file of losses that is being written."""
    lines = path.read_text().splitlines() if path.exists() else []
    steps = [json.loads(line)[0] for line in lines if whole_line(line)]
    return steps[-1] if steps else 0
