"""What `fit` promises, on a small LSTM."""

from __future__ import annotations

import copy
import math
import os
import signal
import threading
from pathlib import Path

import pytest
import torch

from elman._errors import ConfigError, RunError, TrainingDiverged
from elman.train import (
    CheckpointStore,
    Outcome,
    Sampled,
    Saved,
    Scores,
    Started,
    Stepped,
    Stopped,
    Validated,
    fit,
)
from elman.train import training as training_module
from elman.train.tree import parse_tree


def run(small, options=None, net=None, vary=False, change=None, **arguments):
    """Train to the end; return the net and the events."""
    net = net or small.Net()
    objective = small.NextToken(net)
    objective.at_call = change or {}
    source = small.Stream(vary)
    return net, list(fit(net, objective, source, small.config(**(options or {})), **arguments))


def only(events, kind):
    return [event for event in events if isinstance(event, kind)]


def finite(net) -> bool:
    return all(bool(torch.isfinite(p).all()) for p in net.parameters())


def test_loss_goes_down(small):
    _, events = run(small, {"steps": 150})
    losses = [event.nats for event in only(events, Stepped)]
    assert losses[0] > 1.8
    assert sum(losses[-10:]) / 10 < 1.0
    assert isinstance(events[0], Started) and events[0].parameters > 1000
    assert events[-1].reason == "steps" and events[-1].step == 150


def test_equals_the_loop_one_would_write(small):
    """The same steps as a bare loop in torch, to the bit: state carried, clipped, AdamW."""
    net, events = run(small, {"clip_norm": 0.3, "weight_decay": 0.1, "schedule": "constant"})
    bare, stream = small.Net(), small.Stream()
    objective = small.NextToken(bare)
    matrices = [p for p in bare.parameters() if p.dim() > 1]
    vectors = [p for p in bare.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.02, betas=(0.9, 0.99), fused=True)
    torch.manual_seed(0)
    losses, norms, state = [], [], None
    for step in range(40):
        batch = stream.batch(0, step % len(stream))
        outcome = objective(batch, None if batch.fresh else state)
        state = tuple(s.detach() for s in outcome.state)
        optimizer.zero_grad()
        outcome.loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(bare.parameters(), 0.3).item())
        optimizer.step()
        losses.append(outcome.nats.item())
    assert [event.nats for event in only(events, Stepped)] == losses
    assert [event.grad_norm for event in only(events, Stepped)] == norms
    for ours, theirs in zip(net.parameters(), bare.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_accumulated_batches_are_one_step(small):
    """Two batches of three rows, accumulated, are one batch of those rows twice."""

    class Twice(small.Stream):
        def batch(self, epoch, index):
            return super().batch(epoch, index // 2)

        def __len__(self):
            return 2 * super().__len__()

    def train(source, **options):
        net = small.Net(dropout=0.0)
        # every batch from the zero state, so that a doubled batch is the same batch
        objective = small.NextToken(net)
        list(fit(net, lambda b, s: objective(b, None), source, small.config(**options)))
        return net

    one, two = train(small.Stream()), train(Twice(), accumulate=2)
    for p, q in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_a_step_never_spans_epochs(small):
    _, events = run(small, {"accumulate": 3, "steps": None, "epochs": 2})
    # 8 batches in steps of 3, 3, 2: three steps an epoch
    assert events[-1].step == 6 and events[-1].reason == "epochs"
    tokens = [event.tokens for event in only(events, Stepped)]
    assert tokens == [54, 54, 36, 54, 54, 36]


def test_reports_are_means_weighted_by_tokens(small):
    _, each = run(small, {"steps": 7}, vary=True)
    _, some = run(small, {"steps": 7, "report_every": 3}, vary=True)
    single = only(each, Stepped)
    grouped = only(some, Stepped)
    assert [event.step for event in grouped] == [3, 6, 7]
    first = single[:3]
    mean = sum(e.nats * e.tokens for e in first) / sum(e.tokens for e in first)
    assert grouped[0].nats == pytest.approx(mean, rel=1e-12)
    assert grouped[0].tokens == sum(e.tokens for e in first)


def nonfinite_loss(outcome):
    return Outcome(outcome.loss * math.nan, outcome.nats, outcome.count, outcome.state)


def infinite_gradient(outcome):
    # finite value, infinite derivative: sqrt at 0
    zero = outcome.loss - outcome.loss.detach()
    return Outcome(outcome.loss + zero.sqrt(), outcome.nats, outcome.count, outcome.state)


def nonfinite_state(outcome):
    state = tuple(s * math.nan for s in outcome.state)
    return Outcome(outcome.loss, outcome.nats, outcome.count, state)


@pytest.mark.parametrize("bad", [nonfinite_loss, infinite_gradient])
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_nonfinite_is_never_applied(small, bad, optimizer):
    net = small.Net()
    snapshots = {}
    objective = small.NextToken(net)
    objective.at_call = {4: bad, 5: bad}
    for event in fit(net, objective, small.Stream(), small.config(steps=8, optimizer=optimizer)):
        assert finite(net)
        snapshots[event.step] = copy.deepcopy(net.state_dict())
        if isinstance(event, Stepped):
            assert event.skipped == (event.step in {4, 5})
            assert math.isnan(event.grad_norm) == (event.step in {4, 5})
    for name, value in snapshots[3].items():
        assert torch.equal(value, snapshots[5][name])
    assert not torch.equal(snapshots[5]["head.weight"], snapshots[6]["head.weight"])
    assert event.skipped == 2 and event.reason == "steps"


def test_nonfinite_state_is_dropped(small):
    net, events = run(small, {"steps": 6}, change={3: nonfinite_state})
    # step 4 enters with the bad state and is skipped; step 5 starts from zero and is applied
    assert [event.skipped for event in only(events, Stepped)] == [0, 0, 0, 1, 0, 0]
    assert finite(net)


def test_one_bad_batch_spoils_the_accumulated_step(small):
    net, events = run(small, {"steps": 3, "accumulate": 2}, change={3: nonfinite_loss})
    assert [event.skipped for event in only(events, Stepped)] == [0, 1, 0]
    assert finite(net)


def test_diverged_keeps_batch_and_last_good_checkpoint(small, tmp_path):
    net = small.Net()
    objective = small.NextToken(net)
    objective.at_call = dict.fromkeys(range(6, 100), nonfinite_loss)
    store = CheckpointStore(tmp_path)
    events = []
    options = small.config(checkpoint_every=1, max_nonfinite=4)
    with pytest.raises(TrainingDiverged, match=r"4 times in a row.*diverged-batch") as caught:
        for event in fit(net, objective, small.Stream(), options, checkpoints=store):
            events.append(event)
    assert caught.value.exit_code == 3
    assert finite(net)
    last = store.newest()
    assert last.step == 5  # none was saved in trouble
    assert torch.equal(last.state["model"]["head.weight"], net.head.weight)
    kept = parse_tree((tmp_path / "diverged-batch.safetensors").read_bytes())
    ((inputs, targets, fresh),) = kept["batches"]
    batch = small.Stream().batch(kept["epoch"], kept["index"])
    assert torch.equal(inputs, batch.inputs) and torch.equal(targets, batch.targets) and fresh
    assert (kept["epoch"], kept["index"]) == (1, 0)  # the 9th batch


def test_diverged_without_checkpoints(small):
    with pytest.raises(TrainingDiverged, match="2 times in a row"):
        run(small, {"max_nonfinite": 2}, change=dict.fromkeys(range(1, 9), nonfinite_loss))


def test_bad_steps_must_be_in_a_row(small):
    change = dict.fromkeys(range(1, 40, 2), nonfinite_loss)
    _, events = run(small, {"max_nonfinite": 2}, change=change)
    assert events[-1].reason == "steps" and events[-1].skipped == 20


def test_sparse_gradients_update_only_the_rows_used(small):
    net = small.Net(sparse=True)
    before = net.embedding.weight.detach().clone()

    class Few(small.Stream):
        def batch(self, epoch, index):
            batch = super().batch(epoch, index)
            return type(batch)(batch.inputs.clamp(max=2), batch.targets, batch.fresh)

    objective = small.NextToken(net)
    events = list(fit(net, objective, Few(), small.config(steps=10, clip_norm=0.1)))
    changed = (net.embedding.weight != before).any(1)
    assert changed.tolist() == [True] * 3 + [False] * 4
    assert all(event.grad_norm > 0 for event in only(events, Stepped))


def test_nonfinite_sparse_gradient_is_never_applied(small):
    net, events = run(small, {"steps": 5}, net=small.Net(sparse=True), change={2: nonfinite_loss})
    assert events[-1].skipped == 1 and finite(net)


def test_segments_train_as_the_whole_window(small):
    """Without dropout the two differ by rounding alone."""
    whole, first = run(small, net=small.Net(dropout=0.0))
    parts, second = run(small, {"segment_length": 2}, net=small.Net(dropout=0.0))
    for p, q in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-4)
    a, b = only(first, Stepped), only(second, Stepped)
    torch.testing.assert_close([e.nats for e in a], [e.nats for e in b], rtol=1e-3, atol=1e-4)


def test_bf16_learns_and_keeps_float32_weights(small):
    net, events = run(small, {"steps": 100, "precision": "bf16"})
    losses = [event.nats for event in only(events, Stepped)]
    assert sum(losses[-10:]) / 10 < 1.2 < losses[0]
    assert all(p.dtype == torch.float32 for p in net.parameters())
    _, exact = run(small, {"steps": 1})
    assert losses[0] != only(exact, Stepped)[0].nats  # it was another arithmetic


def test_time_budget(small, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(training_module.time, "monotonic", lambda: now[0])
    net = small.Net()
    objective = small.NextToken(net)

    def slow(batch, state):
        now[0] += 1.0  # each step takes a second
        return objective(batch, state)

    events = list(fit(net, slow, small.Stream(), small.config(steps=None, minutes=0.5)))
    assert events[-1].reason == "minutes" and events[-1].step == 30
    assert events[-1].elapsed_s == 30.0
    progress = [event.progress for event in only(events, Stepped)]
    assert progress[14] == pytest.approx(0.5) and progress[-1] == 1.0


def test_progress_follows_the_nearest_limit(small):
    _, events = run(small, {"steps": 10, "epochs": 100})
    assert [round(e.progress, 3) for e in only(events, Stepped)] == [k / 10 for k in range(1, 11)]


def test_validation_best_and_early_stopping(small):
    scores = iter([3.0, 2.0, 2.5, math.nan, 2.2])
    _, events = run(
        small, {"eval_every": 4, "patience": 3, "steps": 100}, validate=lambda: next(scores)
    )
    seen = only(events, Validated)
    assert [(e.step, e.best) for e in seen] == [
        (4, True),
        (8, True),
        (12, False),
        (16, False),
        (20, False),
    ]
    stop = events[-1]
    assert (stop.reason, stop.step, stop.best, stop.best_step) == ("patience", 20, 2.0, 8)


def test_the_best_model_is_that_of_the_best_criterion(small):
    scores = iter([Scores(1.0, {"accuracy": 0.5}, 0.5), Scores(2.0, {"accuracy": 0.7}, 0.3)])
    _, events = run(small, {"eval_every": 4, "steps": 8}, validate=lambda: next(scores))
    validated = only(events, Validated)
    assert [event.best for event in validated] == [True, True]
    assert [event.nats for event in validated] == [1.0, 2.0]
    assert validated[1].metrics == {"accuracy": 0.7}
    assert (events[-1].best, events[-1].best_step) == (0.3, 8)


def test_validation_is_after_each_epoch_and_at_the_end(small):
    _, events = run(small, {"steps": 20}, validate=lambda: 1.0)
    assert [event.step for event in only(events, Validated)] == [8, 16, 20]


def test_model_is_on_show_for_validation_and_samples(small):
    """In eval mode with averaged weights, and training does not notice."""
    net = small.Net()
    seen = []

    def look():
        torch.rand(3)  # must not disturb the dropout that follows
        seen.append((net.training, net.head.weight.detach().clone()))
        return 1.0

    options = {"eval_every": 3, "sample_every": 5, "ema_decay": 0.9, "steps": 9}
    arguments = {"validate": look, "sample": lambda: str(look())}
    _, events = run(small, options, net=net, **arguments)
    assert [event.text for event in only(events, Sampled)] == ["1.0"]
    assert not any(training for training, _ in seen)
    _, plain = run(small, {**options, "eval_every": 100, "sample_every": None})
    assert [e.nats for e in only(events, Stepped)] == [e.nats for e in only(plain, Stepped)]
    assert torch.equal(net.head.weight, seen[-1][1])  # what is left is what was scored
    assert not net.training


def test_ema_is_the_average_of_the_weights(small):
    net = small.Net()
    weights = [net.head.weight.detach().clone()]
    options = small.config(steps=6, ema_decay=0.5)
    for event in fit(net, small.NextToken(net), small.Stream(), options):
        if isinstance(event, Stepped) and event.step > len(weights) - 1:
            weights.append(net.head.weight.detach().clone())
    mean = weights[0]
    for n, weight in enumerate(weights[1:]):
        mean = torch.lerp(mean, weight, 1 - min(0.5, (1 + n) / (10 + n)))
    torch.testing.assert_close(net.head.weight.detach(), mean)


def test_nt_asgd_averages_from_the_trigger_on(small):
    net = small.Net()
    weights = {}
    scores = iter([2.0, 3.0, 3.0, 1.0, 1.0])
    options = small.config(
        optimizer="nt-asgd", lr=0.5, asgd_interval=1, eval_every=4, steps=20, schedule="constant"
    )
    shown = {}
    events = fit(net, small.NextToken(net), small.Stream(), options, validate=lambda: next(scores))
    for event in events:
        if isinstance(event, Stepped):
            weights[event.step] = net.head.weight.detach().clone()
        if isinstance(event, Validated):
            shown[event.step] = net.head.weight.detach().clone()
    # the third is worse than the best of those more than one before it: averaging from there
    assert all(torch.equal(shown[at], weights[at]) for at in (4, 8, 12))
    for at in (16, 20):
        mean = torch.stack([weights[k] for k in range(13, at + 1)]).mean(0)
        torch.testing.assert_close(shown[at], mean)
    torch.testing.assert_close(net.head.weight.detach(), mean)


def test_plateau_lowers_the_rate(small):
    scores = iter([2.0, 2.0, 2.0, 1.0, 1.5, 1.5])
    options = {
        **{"schedule": "plateau", "plateau_patience": 1, "plateau_factor": 0.1},
        **{"eval_every": 1, "steps": 6, "lr": 1.0, "optimizer": "sgd", "min_lr_ratio": 0.05},
    }
    _, events = run(small, options, validate=lambda: next(scores))
    rates = [event.lr for event in only(events, Stepped)]
    # two without gain are one too many; the floor holds
    assert rates == pytest.approx([1.0, 1.0, 1.0, 0.1, 0.1, 0.1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_finishes_the_step_and_saves(small, tmp_path, number):
    net = small.Net()
    objective = small.NextToken(net)

    def interrupting(batch, state):
        if objective.calls == 4:
            os.kill(os.getpid(), number)
        return objective(batch, state)

    store = CheckpointStore(tmp_path)
    before = signal.getsignal(number)
    events = list(fit(net, interrupting, small.Stream(), small.config(), checkpoints=store))
    assert signal.getsignal(number) is before
    assert isinstance(events[-2], Saved) and isinstance(events[-1], Stopped)
    assert (events[-1].reason, events[-1].step) == ("interrupted", 5)
    assert store.newest().step == 5


def test_second_interrupt_stops_at_once(small):
    net = small.Net()

    def interrupting(batch, state):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return pytest.fail("the second signal was not raised")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        list(fit(net, interrupting, small.Stream(), small.config()))
    assert signal.getsignal(signal.SIGINT) is before


def test_trains_outside_the_main_thread(small):
    result = []
    thread = threading.Thread(target=lambda: result.append(run(small, {"steps": 2})[1][-1].reason))
    thread.start()
    thread.join()
    assert result == ["steps"]


def test_closing_the_generator_restores_signals_and_weights(small):
    net = small.Net()
    before = signal.getsignal(signal.SIGINT)
    options = small.config(eval_every=2, ema_decay=0.9)
    events = fit(net, small.NextToken(net), small.Stream(), options, validate=lambda: 1.0)
    for event in events:
        if isinstance(event, Stepped):
            weight = net.head.weight.detach().clone()
        if isinstance(event, Validated):
            assert not torch.equal(net.head.weight, weight)
            break
    events.close()
    assert torch.equal(net.head.weight, weight)
    assert signal.getsignal(signal.SIGINT) is before


def test_checkpoints_at_their_own_moment(small, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(training_module.time, "monotonic", lambda: now[0])
    net = small.Net()
    objective = small.NextToken(net)

    def slow(batch, state):
        now[0] += 10.0
        return objective(batch, state)

    store = CheckpointStore(tmp_path)
    options = small.config(steps=15, eval_every=8)
    events = list(fit(net, slow, small.Stream(), options, validate=lambda: 1.0, checkpoints=store))
    # once a minute, at the validation, and at the end
    assert [event.step for event in only(events, Saved)] == [6, 8, 14, 15]


def test_a_fresh_start_refuses_a_used_folder(small, tmp_path):
    store = CheckpointStore(tmp_path)
    run(small, {"steps": 1}, checkpoints=store)
    with pytest.raises(RunError, match="another training"):
        run(small, {"steps": 1}, checkpoints=store)


def test_nothing_to_train(small):
    net = small.Net()
    with pytest.raises(ConfigError, match="no batches"):
        list(fit(net, small.NextToken(net), small.Stream(batches=0), small.config()))
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(ConfigError, match="no parameters"):
        list(fit(net, small.NextToken(net), small.Stream(), small.config()))


@pytest.mark.parametrize(
    "options",
    [{"patience": 2}, {"schedule": "plateau"}, {"optimizer": "nt-asgd"}, {"sample_every": 2}],
)
def test_a_knob_that_would_do_nothing_is_refused(small, options):
    with pytest.raises(ConfigError, match=f"{next(iter(options))}.* does nothing without"):
        run(small, options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device")
def test_missing_device_is_named(small):
    with pytest.raises(ConfigError, match="finds no such device"):
        run(small, {"device": "cuda:3"})


def test_importing_the_package_is_light():
    import subprocess
    import sys

    code = (
        "import sys, elman.train, elman.train.config, elman.train.events, elman.train.metrics, "
        "elman.train.log; from elman.train import TrainConfig; assert 'torch' not in sys.modules"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
