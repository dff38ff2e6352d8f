"""One optimiser step: forward, backward, clip, and apply it only if every number is finite."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor

from elman._errors import TrainingDiverged
from elman.train.checkpoint import CheckpointStore
from elman.train.config import StreamTrainConfig
from elman.train.nest import all_finite, detached, map_nest
from elman.train.objective import Batch, BatchLike, BatchSource, Objective, Outcome
from elman.train.optim import clip_gradients
from elman.train.segmented import segmented_backward, split_time
from elman.train.training import Training

__all__ = ["Backward", "make_backward", "take_step"]

Backward: TypeAlias = Callable[[Batch, Any, float], Outcome]
"""Adds a batch's gradient, times a scale, to the parameters' own."""


def make_backward(objective: Objective, training: Training) -> Backward:
    """Return how gradients are computed: the window whole or in segments, in which precision."""
    config, device = training.config, training.device

    def in_bfloat16(batch: Batch, state: Any) -> Outcome:
        # One context per call: autocast's cache of cast weights must not outlive a graph.
        with torch.autocast(device.type, torch.bfloat16):
            return objective(batch, state)

    forward = in_bfloat16 if config.precision == "bf16" else objective

    def whole(batch: Batch, state: Any, scale: float) -> Outcome:
        outcome = forward(batch, state)
        (outcome.loss if scale == 1 else outcome.loss * scale).backward()  # type: ignore[no-untyped-call]
        return outcome

    length = config.segment_length if isinstance(config, StreamTrainConfig) else None
    if length is None:
        return whole
    return lambda batch, state, scale: segmented_backward(
        forward, split_time(batch, length), state, scale
    )


def take_step(
    training: Training,
    source: BatchSource,
    backward: Backward,
    checkpoints: CheckpointStore | None,
) -> None:
    """Move the training forward by one optimiser step, within one epoch.

    Raises:
        TrainingDiverged: If this was the last bad step in a row that is borne.
    """
    started = time.perf_counter()
    place = (training.epoch, training.index)
    entered = training.carried
    batches: list[Batch] = []
    outcomes: list[Outcome] = []
    count = min(training.config.accumulate, training.batches - training.index)
    for _ in range(count):
        batch = on_device(source.batch(training.epoch, training.index), training.device)
        outcome = backward(batch, None if batch.fresh else training.carried, 1 / count)
        training.carried = detached(outcome.state)
        training.advance()
        batches.append(batch)
        outcomes.append(outcome)
    norm = clip_gradients(training.parameters, training.config.clip_norm)

    numbers, nats, norm_value = read(norm, outcomes)
    meter, tokens = training.meter, sum(outcome.count for outcome in outcomes)
    if all(map(math.isfinite, numbers)):
        meter.lr = training.learn()
        meter.grad_norm = norm_value
        meter.nats += nats * tokens
        meter.counted += tokens
        training.nonfinite = 0
    else:
        meter.skipped += 1
        training.skipped += 1
        training.nonfinite += 1
        if not all_finite(training.carried):
            training.carried = None
    training.forget_gradients()
    training.step += 1
    meter.tokens += tokens
    meter.seconds += time.perf_counter() - started
    if training.nonfinite >= training.config.max_nonfinite:
        raise diverged(training, checkpoints, place, batches, entered)


def on_device(batch: BatchLike, device: torch.device) -> Batch:
    """Return the batch as the objective gets it."""
    if device.type == "cpu":
        return Batch(batch.inputs, batch.targets, batch.fresh)

    def move(tensor: Tensor) -> Tensor:
        return tensor.to(device, non_blocking=True)

    return Batch(map_nest(move, batch.inputs), map_nest(move, batch.targets), batch.fresh)


def read(norm: Tensor, outcomes: list[Outcome]) -> tuple[list[float], float, float]:
    """Return every number of the step, the mean nats, and the norm: the one wait for the device."""
    parts = [norm]
    for outcome in outcomes:
        parts.append(outcome.loss.detach())
        parts.append(torch.as_tensor(outcome.nats, dtype=norm.dtype, device=norm.device).detach())
    norm_value, *numbers = torch.stack(parts).tolist()
    tokens = sum(outcome.count for outcome in outcomes)
    pairs = zip(numbers[1::2], outcomes, strict=True)
    return [norm_value, *numbers], sum(n * o.count for n, o in pairs) / max(tokens, 1), norm_value


def diverged(
    training: Training,
    checkpoints: CheckpointStore | None,
    place: tuple[int, int],
    batches: list[Batch],
    state: Any,
) -> TrainingDiverged:
    """Keep what went wrong, and return the error that says where it is."""
    message = (
        f"loss or gradient was not finite {training.nonfinite} times in a row, up to step "
        f"{training.step} (epoch {place[0]}, batch {place[1]}). None was applied: the parameters "
        "are those before. Lower train.lr or train.clip_norm"
    )
    if checkpoints is None:
        return TrainingDiverged(message)
    path = checkpoints.save_aside(
        "diverged-batch",
        {
            "epoch": place[0],
            "index": place[1],
            "batches": [(batch.inputs, batch.targets, batch.fresh) for batch in batches],
            "state": state,
        },
    )
    last = checkpoints.paths()
    kept = f"the last good checkpoint is {last[-1]}" if last else "there is no checkpoint yet"
    return TrainingDiverged(f"{message}. The batch is in {path}; {kept}")
