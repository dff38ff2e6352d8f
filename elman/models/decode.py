r"""From a step to a sequence: the greedy one, the best of a beam, one that is drawn.

What is decoded is any function ``step(tokens, state, memory) -> (logits, state)``. A state and a
memory are nests of tensors with their rows in dimension 1, as the layers' states are: the state
has a row for each hypothesis, the memory one for each example. Whole batches move together, and
an example leaves when it is finished.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar, cast

import torch
from torch import Tensor

from elman._errors import ConfigError
from elman.models.sampler import Sampler
from elman.nn.state import State, map_state

__all__ = ["Hypothesis", "Step", "beam_search", "draw", "greedy", "length_penalty"]

StateT = TypeVar("StateT")
MemoryT = TypeVar("MemoryT")
SeenT = TypeVar("SeenT", contravariant=True)


class Step(Protocol[StateT, SeenT]):
    """What a decoder does at each step."""

    def __call__(self, tokens: Tensor, state: StateT, memory: SeenT, /) -> tuple[Tensor, StateT]:
        """Return logits ``(N, V)`` after tokens ``(N,)``, and the state.

        With K hypotheses for each of B examples, hypothesis k of example b is row ``k*B + b``.
        """
        ...


class Hypothesis(NamedTuple):
    """A whole sequence.

    Attributes:
        tokens: Without the end.
        log_prob: Of all of it, the end included.
        score: What hypotheses are compared by: ``log_prob`` over the length penalty.
    """

    tokens: list[int]
    log_prob: float
    score: float


def length_penalty(length: int, alpha: float) -> float:
    r"""Return what a log-probability is divided by: :math:`((5 + \text{length}) / 6)^\alpha`.

    Without it (``alpha`` 0) short sequences win, having fewer factors below one.

    Source:
        Wu et al. 2016, arXiv:1609.08144, equation 14.

    Example:
        >>> length_penalty(7, 1.0), length_penalty(7, 0.0)
        (2.0, 1.0)
    """
    return float(((5 + length) / 6) ** alpha)


@torch.inference_mode()
def greedy(
    step: Step[StateT, MemoryT],
    state: StateT,
    memory: MemoryT,
    limits: Tensor,
    *,
    end: int,
    never: Sequence[int] = (),
) -> list[Hypothesis]:
    """Take the likeliest token at every step.

    Args:
        step: The decoder.
        state: Before the first token, a row for each example.
        memory: What the steps look at.
        limits: Most tokens of each example, ``(B,)``; there the sequence is made to end.
        end: The token that ends a sequence, and that is read first.
        never: Tokens that are not taken.

    Example:
        >>> def step(tokens, state, memory):  # counts to 3, which is the end
        ...     return torch.eye(4)[(tokens + 1) % 4], state
        >>> greedy(step, torch.zeros(1, 1, 1), (), torch.tensor([9]), end=3)[0].tokens
        [0, 1, 2]
    """
    count = len(limits)
    taken: list[list[int]] = [[] for _ in range(count)]
    log_probs = [0.0] * count
    left = list(range(count))  # the examples that still run, by row
    tokens = torch.full((count,), end, device=limits.device)
    length = 0
    while left:
        logits, state = step(tokens, state, memory)
        log_p = allowed(logits.log_softmax(-1), limits <= length, end, never)
        gains, tokens = log_p.max(-1)
        for row, (gain, token) in enumerate(zip(gains.tolist(), tokens.tolist(), strict=True)):
            log_probs[left[row]] += gain
            if token != end:
                taken[left[row]].append(token)
        length += 1
        running = tokens != end
        if not bool(running.all()):
            rows = running.nonzero().squeeze(1)
            left = [left[row] for row in rows.tolist()]
            tokens, limits = tokens[rows], limits[rows]
            state, memory = select(state, rows), select(memory, rows)
    return [Hypothesis(*pair, pair[1]) for pair in zip(taken, log_probs, strict=True)]


@torch.inference_mode()
def beam_search(
    step: Step[StateT, MemoryT],
    state: StateT,
    memory: MemoryT,
    limits: Tensor,
    *,
    end: int,
    beam: int,
    alpha: float = 0.6,
    never: Sequence[int] = (),
) -> list[list[Hypothesis]]:
    """Keep the ``beam`` likeliest beginnings of each example.

    An example is finished when that many have ended and the best of them is not worse than the
    best open one would be if it ended now.

    Args:
        step: The decoder.
        state: Before the first token, a row for each example.
        memory: What the steps look at; shared by the hypotheses of an example.
        limits: Most tokens of each example, ``(B,)``; there every hypothesis is made to end.
        end: The token that ends a sequence, and that is read first.
        beam: Hypotheses of each example, K. With 1 the result is `greedy`'s.
        alpha: See `length_penalty`.
        never: Tokens that are not taken.

    Returns:
        The hypotheses that ended, of each example, the best first: K of them, or fewer where
        there are not as many sequences within the limit.

    Raises:
        ConfigError: If ``beam`` is below 1.

    Source:
        Candidates as in Sutskever, Vinyals & Le 2014, arXiv:1409.3215: a hypothesis that ends
        among the K best is complete and makes room for no other.
    """
    if beam < 1:
        raise ConfigError(f"beam: expected at least 1, got {beam}")
    count = len(limits)
    ended: list[list[Hypothesis]] = [[] for _ in range(count)]
    left = list(range(count))
    state = cast(StateT, map_state(lambda s: torch.cat([s] * beam, 1), cast(State, state)))
    # at first only one hypothesis is there
    sums = torch.full((beam, count), -math.inf, device=limits.device)
    sums[0] = 0.0
    tokens = torch.full((beam, count), end, device=limits.device)
    history = tokens.new_empty(beam, count, 0)
    while left:
        logits, state = step(tokens.flatten(), state, memory)
        length = history.shape[2]
        stop = (limits <= length).repeat(beam)
        log_p = allowed(logits.log_softmax(-1), stop, end, never)  # (K*B, V)
        values, parents, chosen = candidates(log_p, sums, beam)  # each (B, C), best first
        ends = chosen == end
        for row, rank in (ends[:, :beam] & values[:, :beam].isfinite()).nonzero().tolist():
            path = history[parents[row, rank], row].tolist()
            log_prob = float(values[row, rank])
            penalty = length_penalty(len(path) + 1, alpha)
            ended[left[row]].append(Hypothesis(path, log_prob, log_prob / penalty))
        open_values, places = values.masked_fill(ends, -math.inf).topk(beam, dim=1)  # (B, K)
        parents, chosen = parents.gather(1, places), chosen.gather(1, places)
        # what is open could at best end here and now
        hopes = [value / length_penalty(length + 1, alpha) for value in open_values[:, 0].tolist()]
        goes_on = [
            math.isfinite(hope) and not (len(ended[k]) >= beam and best(ended[k]) >= hope)
            for k, hope in zip(left, hopes, strict=True)
        ]
        running = torch.tensor(goes_on, dtype=torch.bool, device=limits.device)
        rows = running.nonzero().squeeze(1)  # examples that go on
        from_row = parents[rows].T  # (K, B')
        sums, tokens = open_values[rows].T, chosen[rows].T
        history = torch.cat([history[from_row, rows], tokens.unsqueeze(2)], 2)
        state = select(state, (from_row * len(left) + rows).flatten())
        if len(rows) < len(left):
            memory, limits = select(memory, rows), limits[rows]
            left = [left[row] for row in rows.tolist()]
    return [sorted(found, key=lambda one: -one.score)[:beam] for found in ended]


def best(ended: list[Hypothesis]) -> float:
    """Return the highest score."""
    return max(one.score for one in ended)


def candidates(log_p: Tensor, sums: Tensor, beam: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the best continuations of each example: their sums, hypotheses and tokens.

    There are twice as many as hypotheses: even if all of them could end, K can go on.

    Args:
        log_p: ``(K*B, V)``
        sums: Log-probabilities so far, ``(K, B)``.
        beam: K.
    """
    likely, tokens = log_p.topk(min(2 * beam, log_p.shape[1]), dim=1)
    each = likely.shape[1]
    totals = (likely.view(*sums.shape, each) + sums.unsqueeze(2)).transpose(0, 1).flatten(1)
    by_example = tokens.view(*sums.shape, each).transpose(0, 1).flatten(1)  # (B, K*each)
    values, places = totals.topk(max(beam, min(2 * beam, totals.shape[1])), dim=1)
    return values, places // each, by_example.gather(1, places)


def draw(
    step: Step[StateT, MemoryT],
    state: StateT,
    memory: MemoryT,
    sampler: Sampler,
    *,
    end: int,
    limit: int,
) -> Iterator[int]:
    """Yield the tokens of one sequence as they are drawn, at most ``limit``, without the end.

    Args:
        step: The decoder.
        state: Before the first token, one row.
        memory: What the steps look at, one row.
        sampler: How tokens are drawn.
        end: The token that ends a sequence, and that is read first.
        limit: Most tokens.
    """
    token = end
    for _ in range(limit):
        # for each step anew: a generator that held the mode would leave it on in its caller
        with torch.inference_mode():
            device = next(tensors(cast(State, state))).device
            logits, state = step(torch.tensor([token], device=device), state, memory)
            token = int(sampler.pick(logits))
        if token == end:
            return
        yield token


def tensors(state: State) -> Iterator[Tensor]:
    """Yield the tensors of a state."""
    if isinstance(state, Tensor):
        yield state
    else:
        for part in state:
            yield from tensors(part)


def allowed(log_p: Tensor, stop: Tensor, end: int, never: Sequence[int]) -> Tensor:
    """Rule out what is never taken and, in the rows that must stop, all but the end."""
    if len(never):
        log_p[:, list(never)] = -math.inf
    if bool(stop.any()):
        ends = log_p[:, end].clone()
        log_p[stop] = -math.inf
        log_p[:, end] = ends
    return log_p


def select(nest: StateT, rows: Tensor) -> StateT:
    """Return rows of a state or a memory, in their order."""
    return cast(StateT, map_state(lambda s: s.index_select(1, rows), cast(State, nest)))
