"""The training loop: a generator of events that reads from top to bottom.

Knows no model, no data, no terminal: what it needs of them is in `objective.py`, what it tells
is in `events.py`. One step is in `step.py`, all that a resume needs in `training.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from torch import nn

from elman._errors import ConfigError, RunError
from elman.train.checkpoint import CheckpointStore
from elman.train.config import TrainConfig
from elman.train.events import Event, Sampled, Started, Stepped, Stopped, Validated
from elman.train.interrupt import held_interrupts
from elman.train.objective import Batch, BatchSource, Objective, Outcome, Scores
from elman.train.rng import seed_rng
from elman.train.saving import Saving
from elman.train.step import make_backward, take_step
from elman.train.training import Meter, Training

__all__ = ["Batch", "BatchSource", "Objective", "Outcome", "Scores", "fit"]


def fit(
    model: nn.Module,
    objective: Objective,
    source: BatchSource,
    config: TrainConfig,
    *,
    validate: Callable[[], float | Scores] | None = None,
    sample: Callable[[], str] | None = None,
    checkpoints: CheckpointStore | None = None,
    resume: bool = False,
) -> Iterator[Event]:
    """Train a model, and tell what happens.

    The state that the objective returns is carried into the next batch, cut from its graph:
    truncated BPTT. A batch that is ``fresh`` starts from the zero state. A step whose loss or
    gradient is not finite is not applied; a carried state that is not finite is dropped.

    With ``resume`` the training goes on after the newest complete checkpoint, if there is one:
    on the same machine, build of torch and number of threads, every later loss, parameter and
    optimiser value has the bits that it would have had without the break. The exception is a
    learning rate that follows the clock: ``minutes`` with the `cosine` schedule.

    Ctrl-C and SIGTERM let the step end, then save a checkpoint; a second one stops at once.

    Args:
        model: Learns in place. While `Validated` and `Sampled` are being handled it holds the
            weights to keep (averaged, if the configuration averages) in eval mode; after
            `Stopped` it stays so.
        objective: The loss of a batch, from a state.
        source: The batches, by number.
        config: The knobs. ``batch_size`` and how batches are cut are for whoever makes the
            source, ``tensorboard`` for whoever listens.
        validate: Scores the held-out part, in nats or as `Scores`; the model is in eval mode.
        sample: Returns something made by the model, to be shown.
        checkpoints: Where to save; without it nothing is saved.
        resume: Go on from the newest checkpoint.

    Yields:
        `Started`, then `Stepped`, `Validated`, `Sampled` and `Saved` as they come, and
        `Stopped`.

    Raises:
        ConfigError: If the device is not there, a knob needs ``validate`` or ``sample`` and has
            none, or the run cannot be resumed with this configuration.
        RunError: If a checkpoint cannot be written or read.
        TrainingDiverged: If ``max_nonfinite`` steps in a row were not finite. No parameter is:
            the model, and the last checkpoint, are as before the first of them.

    Example:
        >>> from elman.train import Batch, Outcome, TrainConfig, fit
        >>> model = torch.nn.Linear(1, 1)
        >>> class Doubling:
        ...     def __len__(self):
        ...         return 50
        ...     def batch(self, epoch, index):
        ...         x = torch.full((4, 1), index / 50)
        ...         return Batch(inputs=x, targets=2 * x, fresh=True)
        >>> def objective(batch, state):
        ...     loss = (model(batch.inputs) - batch.targets).square().mean()
        ...     return Outcome(loss, loss.detach(), count=4, state=None)
        >>> events = list(fit(model, objective, Doubling(), TrainConfig(epochs=4, lr=0.1)))
        >>> type(events[0]).__name__, events[-1].reason, events[-2].nats < 0.01
        ('Started', 'epochs', True)
    """
    check_heard(config, validates=validate is not None, samples=sample is not None)
    training = Training(model, len(source), config)
    origin = begin(training, checkpoints, resume)
    backward = make_backward(objective, training)
    saving = Saving(training, checkpoints)
    with held_interrupts() as interrupt:
        yield Started(training.step, origin, sum(p.numel() for p in training.parameters))
        model.train()
        while (reason := training.over()) is None:
            epoch = training.epoch
            take_step(training, source, backward, checkpoints)
            epoch_ended = training.epoch > epoch
            if training.step % config.report_every == 0:
                yield report(training)
            if validate and due(training.step, config.eval_every, epoch_ended):
                yield from validation(training, validate)
            if sample and due(training.step, config.sample_every, False):
                with training.on_show():
                    yield Sampled(training.step, sample())
            if interrupt.asked:
                reason = "interrupted"
                break
            if saving.due():
                yield from saving.save()

        if reason != "interrupted":  # then it goes on later, as if nothing had been
            if training.meter.tokens:
                yield report(training)
            if validate and training.validated_step != training.step:
                yield from validation(training, validate)
        yield from saving.save()
        training.finish()
        yield Stopped(
            training.step,
            reason,
            training.epoch,
            training.elapsed_s,
            training.best if training.best_step is not None else None,
            training.best_step,
            training.skipped,
        )


def check_heard(config: TrainConfig, validates: bool, samples: bool) -> None:
    """Refuse a knob that would do nothing because what it waits for never comes."""
    waiting = {
        "patience": config.patience is not None and not validates,
        "schedule = 'plateau'": config.schedule == "plateau" and not validates,
        "optimizer = 'nt-asgd'": config.optimizer == "nt-asgd" and not validates,
        "sample_every": config.sample_every is not None and not samples,
    }
    for name, deaf in waiting.items():
        if deaf:
            needed = "a `sample`" if name == "sample_every" else "held-out data and a `validate`"
            raise ConfigError(f"train.{name} does nothing without {needed}; there is none")


def begin(training: Training, checkpoints: CheckpointStore | None, resume: bool) -> Path | None:
    """Seed the training, or take it up from a checkpoint and return which."""
    found = checkpoints.newest() if checkpoints is not None and resume else None
    if found is not None:
        training.load_state_dict(found.state)
        return found.path
    if checkpoints is not None and checkpoints.paths():
        raise RunError(
            f"{checkpoints.folder} holds the checkpoints of another training. "
            "Resume it, or choose another folder"
        )
    seed_rng(training.config.seed)
    return None


def due(step: int, every: int | None, otherwise: bool) -> bool:
    """Say whether something is due after ``step``: every so many steps, or at its own moment."""
    return otherwise if every is None else step % every == 0


def report(training: Training) -> Stepped:
    """Say how the steps since the last report went, and begin to count anew."""
    meter, training.meter = training.meter, Meter()
    return Stepped(
        step=training.step,
        epoch=training.epoch,
        progress=training.progress,
        nats=meter.nats / meter.counted if meter.counted else math.nan,
        lr=meter.lr,
        grad_norm=meter.grad_norm,
        tokens=meter.tokens,
        seconds=meter.seconds,
        elapsed_s=training.elapsed_s,
        skipped=meter.skipped,
    )


def validation(training: Training, validate: Callable[[], float | Scores]) -> Iterator[Validated]:
    """Score the held-out part, and let the listener keep the model that was scored."""
    with training.on_show():
        found = validate()
        scores = found if isinstance(found, Scores) else Scores(found)
        # before the event: the listener may end the training here
        best = training.validated(scores.judged)
        yield Validated(training.step, scores.nats, best, scores.metrics)
