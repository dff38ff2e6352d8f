"""The forecaster: one network for many series, from a window of the past to what is to come.

Here is what both kinds share; `direct_forecaster.py` says the whole horizon at once,
`path_forecaster.py` draws it step by step. Every target of a multivariate series is forecast by
itself, by the same weights, with an embedding that says which one it is: its rows are
``R = B * C``. Knows nothing of files, dates, units or training.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from elman._errors import ConfigError, DataError
from elman.models.body import RecurrentBody
from elman.models.describe import describe, parameter_count
from elman.models.distribution import (
    Head,
    NegativeBinomialHead,
    NormalHead,
    PointHead,
    QuantileHead,
    StudentTHead,
)
from elman.models.forecaster_config import ForecasterConfig
from elman.models.window_norm import Norm, RunningNorm, WindowNorm
from elman.nn.state import State

__all__ = ["Features", "Forecaster", "Memory", "Prediction", "Window", "make_head"]


class Features(NamedTuple):
    """What there is to know of each series: the sizes of a forecaster's inputs.

    Attributes:
        targets: C.
        known: Columns known in advance, K, the calendar included.
        past: Columns known up to now, U.
        categories: Words of each static column of words, the unknown one (number 0) included.
        numbers: Static columns of numbers.
    """

    targets: int = 1
    known: int = 0
    past: int = 0
    categories: tuple[int, ...] = ()
    numbers: int = 0


class Window(NamedTuple):
    """What is known when a forecast is made, of B series.

    Attributes:
        y: ``(B, L, C)``; anything where nothing was observed.
        observed: ``(B, L)`` bool.
        lengths: ``(B,)``: how many of the L steps are real, the last ones; before them is padding.
        known: ``(B, L + H, K)``.
        past: ``(B, L, U)``.
        categories: ``(B, S)`` int64.
        numbers: ``(B, N)``.
    """

    y: Tensor
    observed: Tensor
    lengths: Tensor
    known: Tensor
    past: Tensor
    categories: Tensor
    numbers: Tensor


class Prediction(NamedTuple):
    """A forecast.

    Attributes:
        mean: ``(B, H, C)``.
        quantiles: ``(B, H, Q, C)``.
    """

    mean: Tensor
    quantiles: Tensor


class Memory(NamedTuple):
    """What a stream keeps of all that it has read: the same size for ever.

    Attributes:
        body: The state of the recurrent layers.
        norm: The state of the normalisation: the sums of a running one, ``(3, R)`` float64, or
            centre and scale of a window.
        recent: The last values, as many as the longest lag, ``(R, M)``, the newest last.
        seen: Which of them were observed, ``(R, M)``.
    """

    body: State
    norm: Tensor
    recent: Tensor
    seen: Tensor


class Forecaster(nn.Module, ABC):
    """What both kinds of forecaster are made of.

    Args:
        features: The sizes of the inputs.
        config: Everything else.
        horizon: Steps to forecast, H.
        input_size: Features of a step of the recurrent body.
        said: Steps that one step of the body says.
    """

    def __init__(
        self,
        features: Features,
        config: ForecasterConfig,
        horizon: int,
        input_size: int,
        said: int = 1,
    ) -> None:
        super().__init__()
        if horizon < 1:
            raise ConfigError(f"horizon: expected at least 1 step, got {horizon}")
        self.features, self.config, self.horizon = features, config, horizon
        self.target = make_head(config)
        self.words = nn.ModuleList(
            nn.Embedding(count, config.static_size) for count in features.categories
        )
        self.body = RecurrentBody(input_size, config)
        self.output = nn.Linear(self.body.output_size, self.target.size * said)
        self.norm = make_norm(config)
        self.reach = max(config.ago, default=1)  # values that are remembered as they are

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return next(self.parameters()).device

    @abstractmethod
    def losses(self, window: Window, y: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of values ``(R, N)``, and which of them count ``(R, N)``; see `loss`."""

    @abstractmethod
    def read(self, window: Window) -> Memory:
        """Return what is to be remembered of a window."""

    @abstractmethod
    def observe(
        self,
        memory: Memory,
        y: Tensor,
        observed: Tensor,
        known: Tensor,
        past: Tensor,
        about: Tensor,
    ) -> Memory:
        """Take in the next step of each series, in O(1).

        Args:
            memory: What is remembered; `start` gives that of a new series.
            y: ``(B, C)``.
            observed: ``(B,)`` bool.
            known: ``(B, K)``, of this step.
            past: ``(B, U)``, of this step.
            about: What `static` returned.
        """

    @abstractmethod
    def ahead(
        self,
        memory: Memory,
        known: Tensor,
        about: Tensor,
        levels: Sequence[float] = (),
        *,
        samples: int = 200,
        generator: Generator | None = None,
    ) -> Prediction:
        """Forecast the H steps that follow what is remembered.

        Args:
            memory: What is remembered; it stays as it is.
            known: ``(B, H, K)``, of the steps to come.
            about: What `static` returned.
            levels: Quantiles to return.
            samples: Paths that are drawn of each series, by autoregressive models alone.
            generator: Where chance comes from.
        """

    def forecast(
        self,
        window: Window,
        levels: Sequence[float] = (),
        *,
        samples: int = 200,
        generator: Generator | None = None,
    ) -> Prediction:
        """Forecast the H steps after a window; arguments as for `ahead`."""
        about = self.static(window.categories, window.numbers)
        known = window.known[:, window.y.shape[1] :]
        memory = self.read(window)
        return self.ahead(memory, known, about, levels, samples=samples, generator=generator)

    def start(self, count: int) -> Memory:
        """Return what is remembered of ``count`` series of which nothing was read.

        Raises:
            ConfigError: If the configuration cannot take values in one by one.
        """
        if (why := self.config.why_no_stream) is not None:
            raise ConfigError(f"this model cannot stream: {why}")
        rows = count * self.features.targets
        like = self.output.weight
        return Memory(
            self.body.initial_state(rows),
            self.norm.start(rows, self.device),
            like.new_zeros(rows, self.reach),
            torch.zeros(rows, self.reach, dtype=torch.bool, device=self.device),
        )

    def loss(self, window: Window, y: Tensor, observed: Tensor) -> tuple[Tensor, int]:
        """Return the mean loss over what was observed, and how many values that were.

        Args:
            window: What is known.
            y: What came, ``(B, H, C)``.
            observed: Which steps of it were observed, ``(B, H)`` bool.

        The steps to forecast are learned from; by an autoregressive model whose normalisation
        runs those of the window as well.
        """
        losses, counted = self.losses(window, y, observed)
        count = int(counted.sum())
        return losses.masked_fill(~counted, 0.0).sum() / max(count, 1), count

    def rows(self, values: Tensor) -> Tensor:
        """Turn ``(B, T, C)`` to one row for each target: ``(R, T)``."""
        return values.transpose(1, 2).reshape(-1, values.shape[1])

    def targets(self, rows: Tensor) -> Tensor:
        """Turn rows ``(R, T, ...)`` back to targets, ``(B, T, ..., C)``."""
        count = self.features.targets
        return rows.reshape(len(rows) // count, count, *rows.shape[1:]).movedim(1, -1)

    def each(self, values: Tensor) -> Tensor:
        """Repeat what all targets of a series share: ``(B, ...)`` to ``(R, ...)``."""
        return values.repeat_interleave(self.features.targets, 0)

    def static(self, categories: Tensor, numbers: Tensor) -> Tensor:
        """Return what is said of whole series as features, ``(B, .)``."""
        if bool((categories < 0).any()):
            raise DataError("static categories: expected numbers from 0 on")
        embedded = [words(categories[:, k]) for k, words in enumerate(self.words)]
        return torch.cat([*embedded, numbers], -1)

    def parameter_count(self) -> int:
        """Return how many numbers are trained."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)


def make_head(config: ForecasterConfig) -> Head:
    """Return the head that a configuration names."""
    match config.head:
        case "point":
            return PointHead(squared=config.point_loss == "squared")
        case "quantiles":
            return QuantileHead(config.levels)
        case "normal":
            return NormalHead()
        case "student_t":
            return StudentTHead()
        case "negative_binomial":
            return NegativeBinomialHead()


def static_size(features: Features, config: ForecasterConfig) -> int:
    """Return how many features say something of a whole series."""
    return len(features.categories) * config.static_size + features.numbers


def make_norm(config: ForecasterConfig) -> Norm:
    """Return the normalisation that a configuration names."""
    norm = config.normalisation
    if norm.startswith("running") or config.why_no_stream is None:
        return RunningNorm(norm.removeprefix("running_"), config.norm_memory)
    return WindowNorm(norm)


def normalised(y: Tensor, seen: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
    """Return values in units of their window, 0 where nothing was observed, and what is missing.

    Shape:
        - y, seen, centre, scale: ``(R, T)``
        - returns: ``(R, T, 2)``, in y's dtype
    """
    z = ((y.double() - centre) / scale).to(y.dtype).masked_fill(~seen, 0.0)
    return torch.stack([z, (~seen).to(y.dtype)], -1)


def first_steps(lengths: Tensor, steps: int) -> Tensor | None:
    """Return where each row begins, as a mask ``(T, R)`` for ``reset``; None if all at step 0."""
    if bool((lengths == steps).all()):
        return None
    at = torch.arange(steps, device=lengths.device).unsqueeze(1)
    return at == steps - lengths


def recent_values(y: Tensor, seen: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the last values of ``(R, T)``; what is before the first counts as not observed."""
    short = max(count - y.shape[1], 0)
    return F.pad(y[:, -count:], (short, 0)), F.pad(seen[:, -count:], (short, 0))
