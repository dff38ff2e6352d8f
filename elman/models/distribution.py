r"""What a forecaster says of one value to come: a number, some quantiles, or a distribution.

A head turns ``size`` raw numbers of the network into a statement about ``y``. It speaks in the
window's own units: with a centre ``c`` and a scale ``s`` of the window, ``z = (y - c) / s`` is what
is compared, and every answer is carried back to ``y``. Heads hold no parameters.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from elman._errors import ConfigError
from elman.models.incomplete_beta import incomplete_beta

__all__ = [
    "Head",
    "NegativeBinomialHead",
    "NormalHead",
    "PointHead",
    "QuantileHead",
    "StudentTHead",
    "pinball",
]

SMALLEST = 1e-4
"""Least scale of a distribution, in units of the window's: a likelihood cannot run away."""
HALVINGS = 80
"""Bisections of a quantile: more than float64 can tell apart."""


class Head(ABC):
    """One value's forecast from ``size`` raw numbers.

    Shape:
        - raw: ``(..., size)``
        - y, centre, scale: what broadcasts to ``(...)``
    """

    size: int
    """Raw numbers for each value."""
    needs_zero_centre: bool = False
    """Whether zero has to stay zero, so that windows may only be divided by a scale."""

    @abstractmethod
    def loss(self, raw: Tensor, y: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return what is minimised, ``(...)``: nats, or an error in units of the scale."""

    def moved(self, raw: Tensor, by: Tensor) -> Tensor:
        """Return raw numbers that say the same of ``z`` plus ``by``, ``(...)``."""
        here = torch.arange(self.size, device=raw.device) == self.location
        return raw + by.unsqueeze(-1) * here

    @property
    def location(self) -> int:
        """Which raw number is where the forecast lies."""
        return 0

    @abstractmethod
    def mean(self, raw: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the forecast as one number each, ``(...)``."""

    @abstractmethod
    def quantiles(
        self, raw: Tensor, levels: Sequence[float], centre: Tensor, scale: Tensor
    ) -> Tensor:
        """Return the values below which ``y`` falls with each probability, ``(..., Q)``."""

    @abstractmethod
    def sample(
        self, raw: Tensor, centre: Tensor, scale: Tensor, generator: Generator | None = None
    ) -> Tensor:
        """Draw one value each, ``(...)``."""


@dataclass(frozen=True)
class PointHead(Head):
    """One number, nothing about how sure it is.

    Args:
        squared: Minimise the squared error, whose best answer is the mean; else the absolute
            one, whose best answer is the median.

    Example:
        >>> zero, one = torch.zeros(()), torch.ones(())
        >>> PointHead(squared=True).loss(torch.tensor([2.0]), torch.tensor(5.0), zero, one)
        tensor(9.)
    """

    squared: bool = False
    size: int = 1

    def loss(self, raw: Tensor, y: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the squared or the absolute error."""
        error = raw[..., 0] - (y - centre) / scale
        return error.square() if self.squared else error.abs()

    def mean(self, raw: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the number."""
        return raw[..., 0] * scale + centre

    def quantiles(
        self, raw: Tensor, levels: Sequence[float], centre: Tensor, scale: Tensor
    ) -> Tensor:
        """Return no quantile, and refuse to make one up."""
        if levels:
            raise ConfigError(
                "a point forecast has no intervals: train with --model.head quantiles, normal, "
                "student_t or negative_binomial"
            )
        return raw.new_empty(*raw.shape[:-1], 0)

    def sample(
        self, raw: Tensor, centre: Tensor, scale: Tensor, generator: Generator | None = None
    ) -> Tensor:
        """Return the number: nothing about it is random."""
        return self.mean(raw, centre, scale)


@dataclass(frozen=True)
class QuantileHead(Head):
    r"""Quantiles that cannot cross: the middle one, and softplus steps away from it.

    .. math::
        \text{loss} = \frac{2}{Q} \sum_q \max\big(q (z - \hat z_q),\; (q - 1)(z - \hat z_q)\big)

    The middle level's quantile is the forecast; with the one level 0.5 the loss is the absolute
    error. Other levels than those trained, and draws, are linear between the quantiles, and beyond
    the outer ones go on as they did last.

    Args:
        levels: Increasing, each in (0, 1).

    Source:
        Pinball loss: Koenker & Bassett 1978, doi:10.2307/1913643.

    Example:
        >>> head = QuantileHead((0.1, 0.5, 0.9))
        >>> q = head.quantiles(torch.randn(4, 3), (0.1, 0.5, 0.9), torch.zeros(4), torch.ones(4))
        >>> bool((q.diff(dim=-1) > 0).all())
        True
    """

    levels: tuple[float, ...]

    @property
    def size(self) -> int:  # type: ignore[override]  # here it follows from the levels
        """One for each level."""
        return len(self.levels)

    @property
    def location(self) -> int:
        """The place of the level nearest to one half."""
        return min(range(len(self.levels)), key=lambda k: abs(self.levels[k] - 0.5))

    def ladder(self, raw: Tensor) -> Tensor:
        """Return the trained quantiles of ``z``, ``(..., Q)``, increasing."""
        k = self.location
        centre = raw[..., k : k + 1]
        below = F.softplus(raw[..., :k]).flip(-1).cumsum(-1).flip(-1)
        above = F.softplus(raw[..., k + 1 :]).cumsum(-1)
        return torch.cat([centre - below, centre, centre + above], -1)

    def loss(self, raw: Tensor, y: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return twice the mean pinball loss."""
        z = ((y - centre) / scale).unsqueeze(-1)
        return 2 * pinball(self.ladder(raw), z, self.levels).mean(-1)

    def mean(self, raw: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the middle quantile."""
        return raw[..., self.location] * scale + centre

    def quantiles(
        self, raw: Tensor, levels: Sequence[float], centre: Tensor, scale: Tensor
    ) -> Tensor:
        """Return the quantiles, between the trained ones by straight lines."""
        asked = torch.as_tensor(levels, dtype=raw.dtype, device=raw.device)
        z = self.at(raw, asked.expand(*raw.shape[:-1], len(levels)))
        return z * scale.unsqueeze(-1) + centre.unsqueeze(-1)

    def at(self, raw: Tensor, levels: Tensor) -> Tensor:
        """Return the quantiles of ``z`` at any levels ``(..., Q)``."""
        ladder = self.ladder(raw)
        if len(self.levels) == 1:
            return ladder.expand(levels.shape)
        known = torch.as_tensor(self.levels, dtype=raw.dtype, device=raw.device)
        right = torch.searchsorted(known, levels.contiguous()).clamp(1, len(self.levels) - 1)
        low, high = ladder.gather(-1, right - 1), ladder.gather(-1, right)
        part = (levels - known[right - 1]) / (known[right] - known[right - 1])
        return low + part * (high - low)

    def sample(
        self, raw: Tensor, centre: Tensor, scale: Tensor, generator: Generator | None = None
    ) -> Tensor:
        """Draw a level, then take its quantile."""
        level = torch.rand(
            *raw.shape[:-1], 1, generator=generator, dtype=raw.dtype, device=raw.device
        )
        return self.at(raw, level)[..., 0] * scale + centre


def pinball(quantiles: Tensor, z: Tensor, levels: Sequence[float]) -> Tensor:
    """Return the pinball loss of each quantile ``(..., Q)`` for values ``(..., 1)``."""
    q = torch.as_tensor(levels, dtype=quantiles.dtype, device=quantiles.device)
    error = z - quantiles
    return torch.maximum(q * error, (q - 1) * error)


@dataclass(frozen=True)
class NormalHead(Head):
    r"""A normal distribution: :math:`z \sim N(\mu, \sigma^2)`, :math:`\sigma = \text{softplus}`.

    Example:
        >>> zero, one = torch.zeros(()), torch.ones(())
        >>> NormalHead().quantiles(torch.tensor([0.0, 1.0]), (0.5,), zero, one)
        tensor([0.])
    """

    size: int = 2

    def parameters(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the standard deviation of ``z``."""
        return raw[..., 0], F.softplus(raw[..., 1]) + SMALLEST

    def loss(self, raw: Tensor, y: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the nats of ``z``."""
        loc, sigma = self.parameters(raw)
        error = ((y - centre) / scale - loc) / sigma
        nats: Tensor = 0.5 * (error.square() + math.log(2 * math.pi)) + sigma.log()
        return nats

    def mean(self, raw: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the mean."""
        return raw[..., 0] * scale + centre

    def quantiles(
        self, raw: Tensor, levels: Sequence[float], centre: Tensor, scale: Tensor
    ) -> Tensor:
        """Return the quantiles."""
        loc, sigma = self.parameters(raw)
        asked = torch.as_tensor(levels, dtype=torch.float64, device=raw.device)
        at: Tensor = torch.special.ndtri(asked)
        z = loc.unsqueeze(-1) + sigma.unsqueeze(-1) * at.to(raw.dtype)
        return z * scale.unsqueeze(-1) + centre.unsqueeze(-1)

    def sample(
        self, raw: Tensor, centre: Tensor, scale: Tensor, generator: Generator | None = None
    ) -> Tensor:
        """Draw from it."""
        loc, sigma = self.parameters(raw)
        noise = torch.randn(loc.shape, generator=generator, dtype=raw.dtype, device=raw.device)
        return (loc + sigma * noise) * scale + centre


@dataclass(frozen=True)
class StudentTHead(Head):
    r"""Student's t with a location, a scale and :math:`\nu = 2 + \text{softplus}` degrees.

    Its tails are heavy, so an outlier pulls less than with a normal distribution.

    Example:
        >>> head, zero, one = StudentTHead(), torch.zeros(()), torch.ones(())
        >>> head.quantiles(torch.tensor([1.0, 0.0, 0.0]), (0.5,), zero, one)
        tensor([1.])
    """

    size: int = 3

    def parameters(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return location and scale of ``z``, and the degrees of freedom."""
        return raw[..., 0], F.softplus(raw[..., 1]) + SMALLEST, 2 + F.softplus(raw[..., 2])

    def loss(self, raw: Tensor, y: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the nats of ``z``."""
        loc, sigma, nu = self.parameters(raw)
        error = ((y - centre) / scale - loc) / sigma
        return (
            0.5 * (nu + 1) * torch.log1p(error.square() / nu)
            + sigma.log()
            + 0.5 * (nu * math.pi).log()
            + torch.lgamma(nu / 2)
            - torch.lgamma((nu + 1) / 2)
        )

    def mean(self, raw: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the location."""
        return raw[..., 0] * scale + centre

    def quantiles(
        self, raw: Tensor, levels: Sequence[float], centre: Tensor, scale: Tensor
    ) -> Tensor:
        """Return the quantiles."""
        loc, sigma, nu = self.parameters(raw)
        asked = torch.as_tensor(levels, dtype=torch.float64, device=raw.device)
        at = student_t_quantile(asked, nu.unsqueeze(-1)).to(raw.dtype)
        z = loc.unsqueeze(-1) + sigma.unsqueeze(-1) * at
        return z * scale.unsqueeze(-1) + centre.unsqueeze(-1)

    def sample(
        self, raw: Tensor, centre: Tensor, scale: Tensor, generator: Generator | None = None
    ) -> Tensor:
        """Draw a normal number over the root of a chi-squared one."""
        loc, sigma, nu = self.parameters(raw)
        noise = torch.randn(loc.shape, generator=generator, dtype=raw.dtype, device=raw.device)
        chi2 = 2 * gamma_draw(nu / 2, generator)
        return (loc + sigma * noise * (nu / chi2).sqrt()) * scale + centre


@torch.no_grad()
def student_t_quantile(levels: Tensor, nu: Tensor) -> Tensor:
    """Return the standard Student-t quantiles, float64, by halving an interval.

    Example:
        >>> student_t_quantile(torch.tensor([0.975]).double(), torch.tensor(10.0))
        tensor([2.2281], dtype=torch.float64)
    """
    like = levels.double() + nu.double()
    levels, nu = levels.double().expand_as(like), nu.double().expand_as(like)
    tail = torch.minimum(levels, 1 - levels)  # I_x(nu/2, 1/2) = 2 * tail with x = nu / (nu + t^2)
    low, high = torch.zeros_like(tail), torch.ones_like(tail)
    half = torch.full_like(tail, 0.5)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        over = incomplete_beta(nu / 2, half, middle) > 2 * tail
        low, high = torch.where(over, low, middle), torch.where(over, middle, high)
    x = (low + high) / 2
    t = (nu * (1 - x) / x).sqrt()
    t = torch.where(tail == 0.5, torch.zeros_like(t), t)
    return torch.where(levels < 0.5, -t, t)


@dataclass(frozen=True)
class NegativeBinomialHead(Head):
    r"""Counts: mean :math:`\mu = s\,\text{softplus}`, variance :math:`\mu + \alpha \mu^2`.

    Only for windows that are scaled and not shifted, since a count of zero has to stay zero.

    Source:
        As in DeepAR, Salinas et al. 2020, arXiv:1704.04110.

    Example:
        >>> head, zero, one = NegativeBinomialHead(), torch.zeros(()), torch.ones(())
        >>> head.quantiles(torch.tensor([3.0, 0.0]), (0.1, 0.5, 0.9), zero, one)
        tensor([0., 2., 8.])
    """

    size: int = 2
    needs_zero_centre: bool = True

    def parameters(self, raw: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        r"""Return the mean and the number of failures :math:`r = 1 / \alpha`."""
        mu = (F.softplus(raw[..., 0]) + SMALLEST) * scale
        return mu, 1 / (F.softplus(raw[..., 1]) + SMALLEST)

    def loss(self, raw: Tensor, y: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the nats of the count."""
        mu, r = self.parameters(raw, scale)
        both = (mu + r).log()
        return -(
            torch.lgamma(y + r)
            - torch.lgamma(r)
            - torch.lgamma(y + 1)
            + r * (r.log() - both)
            + y * (mu.log() - both)
        )

    def mean(self, raw: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the mean count."""
        return self.parameters(raw, scale)[0]

    @torch.no_grad()
    def quantiles(
        self, raw: Tensor, levels: Sequence[float], centre: Tensor, scale: Tensor
    ) -> Tensor:
        """Return the least counts that are not exceeded with each probability."""
        mu, r = (p.unsqueeze(-1).double() for p in self.parameters(raw, scale))
        asked = torch.as_tensor(levels, dtype=torch.float64, device=raw.device)
        success = r / (r + mu)
        most = (mu + 10 * (mu + mu.square() / r).sqrt()).expand(*raw.shape[:-1], len(levels))
        low, high = torch.full_like(most, -1.0), most.ceil() + 10
        while bool((short := self.cdf(high, r, success) < asked).any()):
            high = torch.where(short, 2 * high, high)
        while bool((high - low > 1).any()):  # cdf(low) < level <= cdf(high)
            middle = ((low + high) / 2).floor()
            reached = self.cdf(middle, r, success) >= asked
            low, high = torch.where(reached, low, middle), torch.where(reached, middle, high)
        return high.to(raw.dtype)

    @staticmethod
    def cdf(count: Tensor, r: Tensor, success: Tensor) -> Tensor:
        """Return the probability of a count or fewer; that of -1 is 0."""
        inside = incomplete_beta(r, count.clamp(min=0) + 1, success)
        return torch.where(count < 0, torch.zeros_like(inside), inside)

    def sample(
        self, raw: Tensor, centre: Tensor, scale: Tensor, generator: Generator | None = None
    ) -> Tensor:
        """Draw a rate, then a count of that rate."""
        mu, r = self.parameters(raw, scale)
        return torch.poisson(gamma_draw(r, generator) * mu / r, generator=generator)


def gamma_draw(shape: Tensor, generator: Generator | None) -> Tensor:
    """Draw from Gamma(shape, 1): what torch.distributions calls, which takes no generator."""
    return torch._standard_gamma(shape, generator=generator)
