"""From logits to a token: temperature, the k likeliest, the nucleus, a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from elman._errors import ConfigError, RunError, ShapeError

__all__ = ["Sampler"]


class Sampler:
    r"""Draw a token for each row of logits.

    .. math::
        p \propto \exp(\text{logits} / \text{temperature})

    restricted to the ``top_k`` likeliest tokens, then to the nucleus: the fewest tokens that
    together reach ``top_p``. The likeliest token always stays. The order is temperature, k, p.

    Args:
        temperature: 0 takes the likeliest token (ties: the lowest id); 1 is the model's own
            distribution; larger is bolder.
        top_k: Keep this many tokens; ``None`` keeps all.
        top_p: Keep the nucleus of this probability, in (0, 1]; ``None`` keeps all.
        seed: The same seed and logits give the same tokens on the same machine; ``None`` takes
            a seed from the system. The global random state is neither read nor changed.
        never: Ids that are never drawn, such as ``<unk>``.

    Raises:
        ConfigError: If an option is out of its range.

    Source:
        Nucleus: Holtzman et al. 2020, arXiv:1904.09751.

    Example:
        >>> Sampler(temperature=0).pick(torch.tensor([[0.1, 2.0, 0.3]]))
        tensor([1])
    """

    def __init__(
        self,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        never: Sequence[int] = (),
    ) -> None:
        if not (math.isfinite(temperature) and temperature >= 0):
            raise ConfigError(f"temperature: expected a number of at least 0, got {temperature}")
        if top_k is not None and top_k < 1:
            raise ConfigError(f"top_k: expected at least 1, got {top_k}")
        if top_p is not None and not 0 < top_p <= 1:
            raise ConfigError(f"top_p: expected a number above 0 and up to 1, got {top_p}")
        if seed is not None and not 0 <= seed < 2**63:
            raise ConfigError(f"seed: expected 0 to 2^63 - 1, got {seed}")
        if any(token < 0 for token in never):
            raise ConfigError(f"never: expected token ids, got {list(never)}")
        self.temperature = temperature
        self.top_k = top_k
        self.top_p = top_p
        self.never = tuple(sorted(set(never)))
        self._generator = torch.Generator()
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed)
        self._never = torch.tensor(self.never, dtype=torch.int64)

    def pick(self, logits: Tensor) -> Tensor:
        """Draw one token a row.

        Works on the CPU whatever the device, so a seed means the same everywhere.

        Shape:
            - logits: ``(B, V)``; ``-inf`` excludes a token
            - returns: ``(B,)`` int64, on the CPU

        Raises:
            ShapeError: If ``logits`` is not ``(B, V)``, or `never` holds an id beyond V or every
                token.
            RunError: If a row holds NaN or no finite largest logit: the model is damaged.
        """
        logits = self._allowed(logits)
        best, likeliest = logits.max(dim=1, keepdim=True)
        if not bool(best.isfinite().all()):
            raise RunError(
                "the model's logits are not finite: its parameters are damaged or training "
                "diverged. Use an earlier checkpoint"
            )
        if self.temperature == 0:
            return likeliest.squeeze(1)
        # Differences to the best are at most 0, so no temperature can overflow; a temperature
        # that is 0 in the logits' precision would make 0 / 0 of the best itself.
        scaled = (logits - best) / max(self.temperature, torch.finfo(logits.dtype).tiny)
        tokens = None
        if self.top_k is not None and self.top_k < scaled.shape[1]:
            scaled, tokens = scaled.topk(self.top_k, dim=1)
        probs = scaled.softmax(dim=1)
        if self.top_p is not None and self.top_p < 1:
            probs = nucleus(probs, self.top_p)
        drawn = torch.multinomial(probs, 1, generator=self._generator)
        return (drawn if tokens is None else tokens.gather(1, drawn)).squeeze(1)

    def _allowed(self, logits: Tensor) -> Tensor:
        """Return the logits on the CPU, at least float32, without what is never drawn."""
        if logits.dim() != 2:
            raise ShapeError(f"logits: expected (B, V), got {tuple(logits.shape)}")
        logits = logits.detach().cpu()
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        if not self.never:
            return logits
        if self.never[-1] >= logits.shape[1] or len(self.never) >= logits.shape[1]:
            raise ShapeError(
                f"never: {list(self.never)} leaves nothing to draw from, or is beyond, "
                f"the {logits.shape[1]} tokens of the logits"
            )
        return logits.index_fill(1, self._never, -math.inf)


def nucleus(probs: Tensor, top_p: float) -> Tensor:
    """Zero all but the fewest tokens of each row that together reach ``top_p``."""
    ordered, order = probs.sort(dim=1, descending=True, stable=True)
    before = ordered.cumsum(dim=1) - ordered  # (B, V), what stands ahead of each token
    # A token stays while those ahead of it fall short; nothing stands ahead of the first.
    ordered = ordered.masked_fill(before >= top_p, 0.0)
    return torch.zeros_like(probs).scatter_(1, order, ordered)
