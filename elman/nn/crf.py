r"""A linear-chain conditional random field: tags that fit each other, not only their words.

.. math::
    \text{score}(y) &= s_{y_1} + \sum_t e_{t, y_t} + \sum_t A_{y_{t-1}, y_t} + f_{y_T} \\
    \log p(y) &= \text{score}(y) - \log \sum_{y'} \exp \text{score}(y')

The sum over all taggings is the forward algorithm. `log_partition_reference` says it in four
lines of log space, for autograd to differentiate. `_LogPartition` walks over time once for the
value and the gradient: the sums from the left and from the right do not need each other, so
both are one product per step, and their elementwise product is the gradient.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from elman._errors import ConfigError, DataError, DtypeError
from elman._shapes import check_shape
from elman.nn.layer import Lengths, as_lengths
from elman.nn.options import check_bool, check_size

__all__ = ["CRF", "Decoded", "log_partition", "log_partition_reference"]

FORBIDDEN = -1e6
"""Score of a move that is not allowed. Finite, so that every gradient is defined."""

SAFE_NATS = 600.0
"""Sums whose terms are closer than this do not underflow in float64, whose limit is e^-708."""


class Decoded(NamedTuple):
    """What `CRF.decode` returns.

    Attributes:
        tags: The best tags, ``(T, B)`` or ``(B, T)``; 0 beyond a row's length.
        score: Their scores, ``(B,)``.
    """

    tags: Tensor
    score: Tensor


class CRF(nn.Module):
    r"""Scores of neighbouring tags, trained with the sequences as a whole.

    Args:
        num_tags: Tags, K.
        batch_first: Whether tensors are ``(B, T, .)`` instead of ``(T, B, .)``.
        allowed: Which tag may follow which, ``[from, to]``; ``None`` allows all. A tagging with
            a forbidden move has probability zero and is never decoded.
        allowed_start: Which tags may be first.
        allowed_end: Which tags may be last.

    Shape:
        - emissions: ``(T, B, K)``, the score of each tag at each step
        - tags: ``(T, B)`` int64; what stands beyond a row's length is not looked at
        - lengths: ``(B,)`` whole numbers from 1 to T, a tensor or a list; ``None`` means T
        - allowed: ``(K, K)`` bool; allowed_start, allowed_end: ``(K,)`` bool

    Raises:
        ConfigError: If a mask lets no tag begin, end, or follow a tag.
        ShapeError: If a shape does not fit.

    Cost:
        ``T`` products of ``(2B, K)`` and ``(K, K)`` for value and gradient together.

    Source:
        Lafferty, McCallum & Pereira 2001; over a bidirectional LSTM: Huang, Xu & Yu 2015,
        arXiv:1508.01991; Lample et al. 2016, arXiv:1603.01360.

    Example:
        >>> crf = elman.nn.CRF(3)
        >>> emissions, tags = torch.randn(5, 2, 3), torch.tensor([[0, 1, 2, 0, 0]] * 2).T
        >>> loss = -crf(emissions, tags, [5, 3]).mean()
        >>> loss.backward()
        >>> crf.decode(emissions, [5, 3]).tags.shape
        torch.Size([5, 2])
    """

    allowed: Tensor | None
    allowed_start: Tensor | None
    allowed_end: Tensor | None

    def __init__(
        self,
        num_tags: int,
        *,
        batch_first: bool = False,
        allowed: Tensor | None = None,
        allowed_start: Tensor | None = None,
        allowed_end: Tensor | None = None,
    ) -> None:
        super().__init__()
        check_size("num_tags", num_tags)
        check_bool("batch_first", batch_first)
        self.num_tags = num_tags
        self.batch_first = batch_first
        # The masks are part of how the layer is built, not of what it has learned.
        for name, mask, dims in (
            ("allowed", allowed, {"K": num_tags, "to": num_tags}),
            ("allowed_start", allowed_start, {"K": num_tags}),
            ("allowed_end", allowed_end, {"K": num_tags}),
        ):
            self.register_buffer(name, checked_mask(name, mask, dims), persistent=False)
        self.mixing = mixing_steps(self.allowed)
        self.transitions = nn.Parameter(torch.empty(num_tags, num_tags))
        self.start = nn.Parameter(torch.empty(num_tags))
        self.end = nn.Parameter(torch.empty(num_tags))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all scores anew, near zero."""
        for parameter in (self.transitions, self.start, self.end):
            nn.init.uniform_(parameter, -0.1, 0.1)

    def moves(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return ``(transitions, start, end)`` as they count: forbidden ones at `FORBIDDEN`."""
        return (
            masked(self.transitions, self.allowed),
            masked(self.start, self.allowed_start),
            masked(self.end, self.allowed_end),
        )

    def forward(self, emissions: Tensor, tags: Tensor, lengths: Lengths | None = None) -> Tensor:
        """Return the log-probability of each row's tags, ``(B,)``."""
        emissions, sizes = self._arrange(emissions, lengths)
        tags = self._arranged_tags(tags, emissions)
        moves = self.moves()
        partition = log_partition(emissions, *moves, sizes, mixing=self.mixing)
        return path_score(emissions, tags, *moves, sizes) - partition

    def score(self, emissions: Tensor, tags: Tensor, lengths: Lengths | None = None) -> Tensor:
        """Return the score of each row's tags, ``(B,)``: its log-probability but for a constant."""
        emissions, sizes = self._arrange(emissions, lengths)
        return path_score(emissions, self._arranged_tags(tags, emissions), *self.moves(), sizes)

    def log_partition(self, emissions: Tensor, lengths: Lengths | None = None) -> Tensor:
        """Return the log of the sum over all taggings of each row, ``(B,)``."""
        emissions, sizes = self._arrange(emissions, lengths)
        return log_partition(emissions, *self.moves(), sizes, mixing=self.mixing)

    def marginals(self, emissions: Tensor, lengths: Lengths | None = None) -> Tensor:
        """Return the probability of each tag at each step, shaped as emissions; 0 in padding.

        They are the gradient of the log-partition; they have no gradient themselves.
        """
        arranged, sizes = self._arrange(emissions.detach(), lengths)
        with torch.inference_mode(False), torch.enable_grad():
            # Copies: what was made in inference mode cannot be differentiated.
            leaf = arranged.clone().requires_grad_(True)
            transitions, start, end = (move.detach().clone() for move in self.moves())
            total = log_partition(
                leaf, transitions, start, end, sizes.clone(), mixing=self.mixing
            ).sum()
            (found,) = torch.autograd.grad(total, leaf)
        return self._given_layout(found)

    @torch.no_grad()
    def decode(self, emissions: Tensor, lengths: Lengths | None = None) -> Decoded:
        """Return the tagging of each row with the highest score: the Viterbi algorithm.

        Of several with that score it is the one whose last tag is the lowest, then the one
        before it, and so on.
        """
        emissions, sizes = self._arrange(emissions, lengths)
        tags, score = viterbi(emissions, *self.moves(), sizes)
        return Decoded(self._given_layout(tags), score)

    def _arrange(self, emissions: Tensor, lengths: Lengths | None) -> tuple[Tensor, Tensor]:
        """Check emissions and lengths; return them time-major."""
        names = ("B", "T") if self.batch_first else ("T", "B")
        check_shape("emissions", emissions, **dict.fromkeys(names), K=self.num_tags)
        if not emissions.is_floating_point():
            raise DtypeError(f"emissions: expected floating point, got {emissions.dtype}")
        emissions = emissions.to(self.transitions.dtype)  # under autocast they come in bfloat16
        if self.batch_first:
            emissions = emissions.transpose(0, 1)
        steps, batch = emissions.shape[:2]
        if lengths is None:
            sizes = torch.full((batch,), steps, dtype=torch.int64, device=emissions.device)
        else:
            sizes = as_lengths(lengths, batch, emissions.device)
        if batch and sizes.device.type == "cpu":
            low, high = (int(bound) for bound in sizes.aminmax())
            if low < 1 or high > steps:
                raise DataError(
                    f"lengths: expected 1 to T={steps}, got {low if low < 1 else high}; "
                    "a row without steps has no tagging: leave it out"
                )
        return emissions, sizes

    def _arranged_tags(self, tags: Tensor, emissions: Tensor) -> Tensor:
        """Check tags; return them time-major."""
        steps, batch = emissions.shape[:2]
        if self.batch_first:
            check_shape("tags", tags, B=batch, T=steps)
            return tags.T
        check_shape("tags", tags, T=steps, B=batch)
        return tags

    def _given_layout(self, x: Tensor) -> Tensor:
        """Turn time-major to the layer's layout."""
        return x.transpose(0, 1) if self.batch_first else x

    def extra_repr(self) -> str:
        """Show the options when the module is printed."""
        shown = [str(self.num_tags)]
        if self.batch_first:
            shown.append("batch_first=True")
        if self.allowed is not None:
            shown.append(f"forbidden={int((~self.allowed).sum())}")
        return ", ".join(shown)


def checked_mask(name: str, mask: Tensor | None, dims: dict[str, int]) -> Tensor | None:
    """Return a mask that leaves a way on, or raise."""
    if mask is None:
        return None
    check_shape(name, mask, **dims)
    if mask.dtype != torch.bool:
        raise DtypeError(f"{name}: expected torch.bool, True where allowed, got {mask.dtype}")
    stuck = ~mask.any(-1)
    if bool(stuck.any()):
        where = f" after tag {int(stuck.nonzero()[0])}" if mask.dim() > 1 else ""
        raise ConfigError(f"{name}: no tag is allowed{where}")
    return mask.detach().clone()


def mixing_steps(allowed: Tensor | None) -> int | None:
    """Return in how many moves every tag can be reached from every other, ``None`` if never.

    Example:
        >>> mixing_steps(None), mixing_steps(torch.tensor([[True, True], [True, False]]))
        (1, 2)
    """
    if allowed is None:
        return 1
    reach = one = allowed.to(torch.float32)
    for steps in range(1, 2 * len(one) + 2):
        if bool(reach.all()):
            return steps
        reach = (reach @ one).clamp(max=1)
    return None


def masked(scores: Tensor, allowed: Tensor | None) -> Tensor:
    """Return scores with `FORBIDDEN` where a move is not allowed."""
    return scores if allowed is None else scores.masked_fill(~allowed, FORBIDDEN)


def path_score(
    emissions: Tensor, tags: Tensor, transitions: Tensor, start: Tensor, end: Tensor, sizes: Tensor
) -> Tensor:
    """Return the score of the tags of each row, ``(B,)``, without a loop over time."""
    real = valid_steps(sizes, len(emissions))  # (T, B)
    tags = torch.where(real, tags, 0)
    at = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)  # (T, B)
    # One gather from the flat table: its gradient is one scatter.
    moved = transitions.reshape(-1)[tags[:-1] * len(transitions) + tags[1:]]  # (T-1, B)
    last = tags.gather(0, (sizes - 1).unsqueeze(0)).squeeze(0)
    inner = torch.where(real, at, 0.0).sum(0) + torch.where(real[1:], moved, 0.0).sum(0)
    score: Tensor = start[tags[0]] + inner + end[last]
    return score


def valid_steps(sizes: Tensor, steps: int) -> Tensor:
    """Return ``(T, B)``, True at the steps that are within the row's length."""
    return torch.arange(steps, device=sizes.device).unsqueeze(1) < sizes


def log_partition_reference(
    emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, sizes: Tensor
) -> Tensor:
    r"""Return the log of the sum over all taggings, in log space, step by step.

    .. math::
        \alpha_1(j) = s_j + e_{1j} \qquad
        \alpha_t(j) = e_{tj} + \log \sum_i \exp(\alpha_{t-1}(i) + A_{ij})

    Shape:
        - emissions: ``(T, B, K)``; transitions: ``(K, K)``; start, end: ``(K,)``; sizes: ``(B,)``
        - returns: ``(B,)``
    """
    real = valid_steps(sizes, len(emissions)).unsqueeze(2)  # (T, B, 1)
    alpha = start + emissions[0]  # (B, K)
    for t in range(1, len(emissions)):
        after = emissions[t] + (alpha.unsqueeze(2) + transitions).logsumexp(1)
        alpha = torch.where(real[t], after, alpha)
    return (alpha + end).logsumexp(1)


def log_partition(
    emissions: Tensor,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
    sizes: Tensor,
    *,
    mixing: int | None = 1,
) -> Tensor:
    """Return the log of the sum over all taggings of each row.

    Equal to `log_partition_reference`; computed outside log space, in float64 and rescaled at
    each step, where the scores are close enough that no term can be lost. That is known
    beforehand: after ``mixing`` steps a tag is behind the best one by at most the range of so
    many steps' scores. Otherwise the reference serves.

    Args:
        emissions: Scores of tags.
        transitions: Scores of moves ``[from, to]``.
        start: Scores of first tags.
        end: Scores of last tags.
        sizes: Steps of each row, 1 to T.
        mixing: Moves in which every tag is reached from every other; ``None``: some never.

    Shape:
        - as for `log_partition_reference`
    """
    real = valid_steps(sizes, len(emissions)).unsqueeze(2)
    emissions = torch.where(real, emissions, 0.0)  # padding may hold anything
    if emissions.shape[1] == 0 or len(emissions) == 0:
        return log_partition_reference(emissions, transitions, start, end, sizes)
    with torch.no_grad():
        apart = (emissions.amax(2) - emissions.amin(2)).max()
        apart = apart + sum(spread(move) for move in (transitions, start, end))
        steps = len(emissions) if mixing is None else min(mixing, len(emissions))
        safe = bool(apart * steps < SAFE_NATS)  # False for NaN too
    if not safe:
        return log_partition_reference(emissions, transitions, start, end, sizes)
    found: Tensor = _LogPartition.apply(  # type: ignore[no-untyped-call]
        emissions, transitions, start, end, sizes
    )
    return found


def spread(scores: Tensor) -> Tensor:
    """Return how far apart the allowed scores are."""
    allowed = scores > FORBIDDEN / 2
    low = torch.where(allowed, scores, torch.inf).min()
    return scores.max() - low


class _LogPartition(torch.autograd.Function):
    """The sums from the left and from the right in one walk, outside log space.

    Row by row the emissions are reversed for the walk from the right, so that both walks begin
    at index 0 and what follows a row's end is never read.
    """

    @staticmethod
    def forward(
        ctx: Any, emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, sizes: Tensor
    ) -> Tensor:
        steps, batch = emissions.shape[:2]
        index = torch.arange(steps, device=sizes.device).unsqueeze(1)
        mirror = (sizes - 1 - index).clamp(min=0)  # (T, B), its own inverse within the lengths
        rows = torch.arange(batch, device=sizes.device)

        top = emissions.amax(2, keepdim=True).double()
        weight = (emissions.double() - top).exp()  # (T, B, K)
        both = torch.stack([weight, weight[mirror, rows]], 1)  # (T, 2, B, K)
        scale = transitions.max().double()
        move = (transitions.double() - scale).exp()
        moves = torch.stack([move, move.T])  # (2, K, K)
        first = torch.stack([start, end]).double()
        first_top = first.amax(1, keepdim=True)

        # `reached` is before a step's own emission, `held` after it, rescaled to sum to one.
        reached, held = torch.empty_like(both), torch.empty_like(both)
        sums = both.new_empty(steps, 2, batch, 1)
        reached[0] = (first - first_top).exp().unsqueeze(1)
        parts = zip(reached.unbind(), held.unbind(), both.unbind(), sums.unbind(), strict=True)
        before = None
        for now, after, own, total in parts:
            if before is not None:
                torch.bmm(before, moves, out=now)
            torch.mul(now, own, out=after)
            torch.sum(after, 2, keepdim=True, out=total)
            before = after.div_(total)

        finish = (first[1] - first_top[1]).exp()
        last = held[sizes - 1, 0, rows] @ finish  # (B,)
        grown = sums[:, 0, :, 0].log() + top.squeeze(2)  # (T, B)
        inside = (index < sizes).double()
        partition = last.log() + (grown * inside).sum(0) + first_top.sum() + (sizes - 1) * scale
        ctx.save_for_backward(held, reached, both, move, sizes, mirror, rows)
        ctx.kinds = emissions.dtype, transitions.dtype
        return partition.to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        held, reached, both, move, sizes, mirror, rows = ctx.saved_tensors
        left = held[:, 0]  # (T, B, K), all that leads to a tag, its emission included
        right = reached[mirror, 1, rows]  # all that follows it
        real = valid_steps(sizes, len(left)).unsqueeze(2)
        chance = left * right
        chance = chance / chance.sum(2, keepdim=True)
        chance = torch.where(real, chance * upstream.double().unsqueeze(1), 0.0)

        # A move's chance is left[t-1, i] move[i, j] weight[t, j] right[t, j], over its own sum.
        into = both[1:, 0] * right[1:]  # (T-1, B, K)
        out = left[:-1]
        whole = ((out @ move) * into).sum(2, keepdim=True)
        share = torch.where(real[1:], upstream.double().unsqueeze(1) / whole, 0.0)
        moved = move * ((out * share).flatten(0, 1).T @ into.flatten(0, 1))

        at_end = chance[sizes - 1, rows].sum(0)
        emission, score = ctx.kinds
        return (
            chance.to(emission),
            moved.to(score),
            chance[0].sum(0).to(score),
            at_end.to(score),
            None,
        )


def viterbi(
    emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, sizes: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the best tags ``(T, B)``, 0 in padding, and their scores ``(B,)``."""
    steps, batch = emissions.shape[:2]
    rows = torch.arange(batch, device=emissions.device)
    onto = transitions.T.contiguous()  # [to, from]: the maximum runs along memory
    best = torch.empty_like(emissions)  # score of the best tagging that ends here so
    back = torch.empty(emissions.shape, dtype=torch.int64, device=emissions.device)
    if not steps or not batch:
        return back[:, :, 0], emissions.new_zeros(batch)
    best[0] = start + emissions[0]
    for t in range(1, steps):
        value, back[t] = (best[t - 1].unsqueeze(1) + onto).max(2)
        torch.add(value, emissions[t], out=best[t])
    score, last = (best[sizes - 1, rows] + end).max(1)
    tags = torch.zeros(steps, batch, dtype=torch.int64, device=emissions.device)
    tag = last
    for t in range(steps - 1, -1, -1):
        if t < steps - 1:
            tag = back[t + 1].gather(1, tag.unsqueeze(1)).squeeze(1)
        tag = torch.where(sizes - 1 <= t, last, tag)
        tags[t] = tag
    return torch.where(valid_steps(sizes, steps), tags, 0), score
