"""Exact BPTT through a long window in the memory of a short one.

First the window is run without a graph, and only the states at the segments' borders are kept.
Then the segments are run again, last to first, each with its graph and its own random numbers
played back; the gradient with respect to a border state goes from a segment to the one before.
The chain rule is cut nowhere, so the gradient is that of the whole window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from elman._errors import ShapeError
from elman.train.nest import detached, map_nest, tensors_in
from elman.train.objective import Batch, Objective, Outcome

__all__ = ["segmented_backward", "split_time"]


def split_time(batch: Batch, length: int) -> list[Batch]:
    """Cut a window into segments of ``length`` steps along dimension 1; the last may be shorter.

    Shape:
        - batch.inputs, batch.targets: ``(B, T, ...)``, or nests of such with the same ``T``

    Raises:
        ShapeError: If a tensor has no time dimension, or another number of steps.

    Example:
        >>> from elman.train import Batch, split_time
        >>> tokens = torch.arange(10).view(2, 5)
        >>> [segment.inputs.shape[1] for segment in split_time(Batch(tokens, tokens, True), 2)]
        [2, 2, 1]
    """
    steps = {t.shape[1] if t.dim() > 1 else None for t in tensors_in((batch.inputs, batch.targets))}
    if len(steps) != 1 or None in steps:
        shapes = [tuple(t.shape) for t in tensors_in((batch.inputs, batch.targets))]
        raise ShapeError(f"expected inputs and targets (B, T, ...) with one T, got {shapes}")
    (total,) = steps
    return [
        Batch(
            map_nest(lambda t, k=k: t[:, k : k + length], batch.inputs),  # type: ignore[misc]
            map_nest(lambda t, k=k: t[:, k : k + length], batch.targets),  # type: ignore[misc]
            batch.fresh and k == 0,
        )
        for k in range(0, max(1, total or 0), length)
    ]


def segmented_backward(
    objective: Objective, segments: Sequence[Batch], state: Any = None, scale: float = 1.0
) -> Outcome:
    r"""Add the gradient of the segments' mean loss to the parameters, as full BPTT would.

    .. math::
        \nabla_\theta \sum_k \frac{n_k}{n} L_k(\theta, s_k), \qquad s_{k+1} = f(s_k; \theta)

    with ``n_k`` tokens in segment ``k``: for a loss that is a mean over tokens, exactly that of
    the joined window. Two things live inside a segment and know no neighbour: a dropout mask
    that is locked in time is drawn anew in each, and a penalty on the difference between
    neighbouring steps leaves out the pair across a border.

    Args:
        objective: Called twice on each segment; must be a function of its arguments, the
            parameters and torch's random numbers.
        segments: In order of time, see `split_time`.
        state: Before the first segment; no gradient flows into it.
        scale: Multiplies the gradient, for accumulation over batches.

    Returns:
        Loss and nats as weighted means over the segments, the token count, the final state;
        all without a graph.

    Cost:
        Keeps ``len(segments)`` states and the graph of one segment: O(T/S * state + S) for a
        window of T steps in segments of S. One more forward pass than full BPTT.

    Source:
        Chen et al. 2016, arXiv:1604.06174, applied along time; Gruslys et al. 2016,
        arXiv:1606.03401.

    Example:
        >>> from elman.train import Batch, Outcome, segmented_backward, split_time
        >>> layer = torch.nn.LSTM(3, 4, batch_first=True)
        >>> def objective(batch, state):
        ...     y, state = layer(batch.inputs, state)
        ...     loss = (y - batch.targets).square().mean()
        ...     return Outcome(loss, loss.detach(), y.shape[0] * y.shape[1], state)
        >>> window = Batch(torch.randn(2, 100, 3), torch.zeros(2, 100, 4), fresh=True)
        >>> outcome = segmented_backward(objective, split_time(window, 10))
        >>> outcome.count, outcome.loss.requires_grad, layer.weight_hh_l0.grad.shape
        (200, False, torch.Size([16, 4]))
    """
    borders, generators, outcomes = [], [], []
    with torch.no_grad():
        for segment in segments:
            borders.append(detached(state))
            generators.append(generator_states())
            outcomes.append(objective(segment, state))
            state = outcomes[-1].state
    final = detached(state)
    count = sum(outcome.count for outcome in outcomes)
    weights = [outcome.count / max(count, 1) for outcome in outcomes]

    after = generator_states()
    cotangents: list[Tensor | None] = [None for _ in tensors_in(final)]
    for k in reversed(range(len(segments))):
        entering = map_nest(leaf, borders[k])
        set_generators(generators[k])
        outcome = objective(segments[k], entering)
        roots: list[Tensor] = [outcome.loss * (weights[k] * scale)]
        seeds: list[Tensor | None] = [None]  # d loss / d loss = 1
        for tensor, cotangent in zip(tensors_in(outcome.state), cotangents, strict=True):
            if cotangent is not None and tensor.requires_grad:
                roots.append(tensor)
                seeds.append(cotangent)
        torch.autograd.backward(roots, seeds)
        cotangents = [tensor.grad for tensor in tensors_in(entering)]
        borders[k] = None  # its state is not needed any more
    set_generators(after)
    loss = sum(o.loss * w for o, w in zip(outcomes, weights, strict=True))
    nats = sum(o.nats * w for o, w in zip(outcomes, weights, strict=True))
    return Outcome(torch.as_tensor(loss), nats, count, final)


def leaf(tensor: Tensor) -> Tensor:
    """Return a state tensor that collects its gradient; a whole number has none."""
    return tensor.detach().requires_grad_(tensor.is_floating_point())


def generator_states() -> list[Tensor]:
    """Return the states of torch's generators, the CPU's first, then each CUDA device's."""
    return [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if on_cuda() else [])]


def set_generators(states: list[Tensor]) -> None:
    """Take up states from `generator_states`."""
    torch.set_rng_state(states[0])
    if len(states) > 1:
        torch.cuda.set_rng_state_all(states[1:])


def on_cuda() -> bool:
    """Say whether a CUDA device is in use; asking must not start one."""
    return torch.cuda.is_available() and bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
