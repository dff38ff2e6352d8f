"""Pooling: the outputs of all steps as one vector, whatever the length of the sequence.

Steps beyond a row's length never count: they may hold anything. A row of length 0 gives zeros.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman._errors import ConfigError
from elman._registry import Registry
from elman._shapes import check_shape
from elman.ops.lengths import lengths_to_mask

__all__ = [
    "POOLINGS",
    "AttentionPooling",
    "CentrePooling",
    "LastPooling",
    "MaxPooling",
    "MeanPooling",
    "Pooling",
    "make_pooling",
]


class Pooling(nn.Module):
    """Base of poolings: ``(T, B, R)`` and lengths to ``(B, R)``.

    Args:
        size: Features, R.
        bidirectional: Whether the second half of the features was read from right to left.
    """

    def __init__(self, size: int, *, bidirectional: bool = False) -> None:
        super().__init__()
        self.size, self.bidirectional = size, bidirectional

    def forward(self, output: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Pool over time.

        Args:
            output: ``(T, B, R)``, T at least 1.
            lengths: ``(B,)`` valid steps of each row, 0 to T; ``None`` means all T.
        """
        check_shape("output", output, T=None, B=None, R=self.size)
        steps, batch, _ = output.shape
        if lengths is None:
            lengths = torch.full((batch,), steps, dtype=torch.int64, device=output.device)
        check_shape("lengths", lengths, B=batch)
        mask = lengths_to_mask(lengths, steps)
        return self.pooled(output.masked_fill(~mask.unsqueeze(-1), 0.0), lengths, mask)

    def pooled(self, output: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """Pool an output that is zero where ``mask (T, B)`` is False."""
        raise NotImplementedError

    def start(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """Return the state before the first step of sequences that are still arriving.

        Args:
            batch: How many, B.
            like: A tensor of their dtype and device.
        """
        raise NotImplementedError

    def step(self, output: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Pool what has come so far, after each of the next steps, in memory that does not grow.

        Of one direction only: nothing that has not come can be pooled.

        Args:
            output: ``(T, B, R)``, the next steps, T at least 1.
            state: What `start` or the last call gave.

        Returns:
            ``(T, B, R)``, what `forward` gives for the sequence up to each step; and the state.
        """
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Show the size."""
        return str(self.size)


class LastPooling(Pooling):
    """What each direction ends with: it has read the whole sequence.

    Left to right that is the output of the last valid step, right to left that of the first.

    Example:
        >>> output = torch.tensor([[[1.0]], [[2.0]], [[3.0]]])
        >>> elman.nn.LastPooling(1)(output, torch.tensor([2]))
        tensor([[2.]])
    """

    def pooled(self, output: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """Take one step of each row."""
        index = (lengths - 1).clamp(min=0)
        last = output[index, torch.arange(output.shape[1], device=output.device)]  # (B, R)
        if not self.bidirectional:
            return last
        half = self.size // 2
        return torch.cat([last[:, :half], output[0, :, half:]], dim=-1)

    def start(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """Remember nothing."""
        return ()

    def step(self, output: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return each step: it is the last one there is."""
        return output, ()


class MeanPooling(Pooling):
    """The mean of the valid steps.

    Example:
        >>> output = torch.tensor([[[1.0]], [[2.0]], [[9.0]]])
        >>> elman.nn.MeanPooling(1)(output, torch.tensor([2]))
        tensor([[1.5000]])
    """

    def pooled(self, output: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """Divide the sum by the length."""
        return output.sum(0) / lengths.clamp(min=1).unsqueeze(-1)

    def start(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """Remember the mean so far and of how many steps it is."""
        return like.new_zeros(batch, self.size), like.new_zeros((), dtype=torch.int64)

    def step(self, output: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Weigh the mean so far by its steps."""
        mean, before = state
        after = before + torch.arange(1, len(output) + 1, device=output.device)  # (T,)
        # means, not sums: a sum over millions of steps would swallow the next one
        own = output.cumsum(0) / after.reshape(-1, 1, 1)
        means = mean * (before / after.to(mean)).reshape(-1, 1, 1) + own
        return means, (means[-1], after[-1])


class MaxPooling(Pooling):
    """The largest value of each feature over the valid steps.

    Source:
        Collobert et al. 2011, arXiv:1103.0398 (max over time).

    Example:
        >>> output = torch.tensor([[[1.0]], [[-2.0]], [[9.0]]])
        >>> elman.nn.MaxPooling(1)(output, torch.tensor([2]))
        tensor([[1.]])
    """

    def pooled(self, output: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """Let padding never win, but in a row that is nothing else."""
        allowed = mask | (lengths == 0)  # (T, B)
        return output.masked_fill(~allowed.unsqueeze(-1), -torch.inf).max(0).values

    def start(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """Remember the largest so far."""
        return (like.new_full((batch, self.size), -torch.inf),)

    def step(self, output: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the largest up to each step."""
        largest = torch.maximum(output.cummax(0).values, state[0])
        return largest, (largest[-1],)


class AttentionPooling(Pooling):
    r"""A weighted mean, whose weights are learned.

    .. math::
        a_t = \frac{\exp(v \cdot \tanh(W h_t + b))}{\sum_s \exp(v \cdot \tanh(W h_s + b))}
        \qquad y = \sum_t a_t h_t

    It starts as the mean: ``v`` is zero at first.

    Source:
        Yang et al. 2016, doi:10.18653/v1/N16-1174.

    Example:
        >>> pooling = elman.nn.AttentionPooling(1)
        >>> pooling(torch.tensor([[[1.0]], [[2.0]], [[9.0]]]), torch.tensor([2]))
        tensor([[1.5000]], grad_fn=...)
    """

    def __init__(self, size: int, *, bidirectional: bool = False) -> None:
        super().__init__(size, bidirectional=bidirectional)
        self.hidden = nn.Linear(size, size)
        self.score = nn.Linear(size, 1, bias=False)  # a bias would be the same for all steps
        nn.init.zeros_(self.score.weight)

    def weights(self, output: Tensor, mask: Tensor) -> Tensor:
        """Return ``(T, B)`` weights that sum to 1 over each row's valid steps."""
        scores = self.score(torch.tanh(self.hidden(output))).squeeze(-1)
        # -inf everywhere would give NaN; a row of nothing gets any weights, and pools to zeros
        return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=0)

    def pooled(self, output: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """Return the weighted mean."""
        return torch.einsum("tb,tbr->br", self.weights(output, mask), output)

    def start(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """Remember the weighted mean so far and the logarithm of its weight."""
        return like.new_zeros(batch, self.size), like.new_full((batch,), -torch.inf)

    def step(self, output: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Weigh each step against all before it; no weight is ever too large for a float."""
        mean, weight = state
        scores = self.score(torch.tanh(self.hidden(output))).squeeze(-1)  # (T, B)
        means = []
        for now, score in zip(output, scores, strict=True):
            total = torch.logaddexp(weight, score)
            share = (score - total).exp().unsqueeze(-1)
            mean, weight = mean + share * (now - mean), total
            means.append(mean)
        return torch.stack(means), (mean, weight)


class CentrePooling(Pooling):
    """What each direction has read up to the middle of the sequence, and with it.

    For windows cut around a place, such as a junction in DNA: all of the window is read, and the
    place itself last, by both directions.

    Example:
        >>> output = torch.arange(10.0).reshape(5, 1, 2)
        >>> elman.nn.CentrePooling(2, bidirectional=True)(output, torch.tensor([4]))
        tensor([[4., 3.]])
    """

    def pooled(self, output: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """Take one step of each row; of an even number, those on either side of the middle."""
        rows = torch.arange(output.shape[1], device=output.device)
        ahead = output[(lengths // 2).clamp(max=len(output) - 1), rows]
        if not self.bidirectional:
            return ahead
        half = self.size // 2
        back = output[((lengths - 1) // 2).clamp(min=0), rows]
        return torch.cat([ahead[:, :half], back[:, half:]], dim=-1)

    def start(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """Refuse: where the middle is, only the end tells."""
        raise ConfigError(
            "centre pooling cannot answer before the end is there: train with --model.pooling "
            "last, mean, max or attention"
        )


POOLINGS: Registry[type[Pooling]] = Registry("pooling")
POOLINGS.register("last", LastPooling)
POOLINGS.register("mean", MeanPooling)
POOLINGS.register("max", MaxPooling)
POOLINGS.register("attention", AttentionPooling)
POOLINGS.register("centre", CentrePooling)


def make_pooling(name: str, size: int, *, bidirectional: bool = False) -> Pooling:
    """Build a pooling from its name in `POOLINGS`.

    Raises:
        UnknownName: If there is no such pooling.

    Example:
        >>> elman.nn.make_pooling("max", 8)
        MaxPooling(8)
    """
    return POOLINGS[name](size, bidirectional=bidirectional)
