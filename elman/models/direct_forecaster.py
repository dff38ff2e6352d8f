r"""The direct forecaster: read the window in segments, say all of the horizon at once.

.. math::
    h = \text{body}\big(\text{ReLU}(W_s z_{1..w}),\; \text{ReLU}(W_s z_{w+1..2w}),\; \dots\big) \\
    \hat z_{\text{segment } j} = W_o\, \text{body}\big(p_j \,\|\, e_c + W_f f_j;\; h\big)

Each segment of the horizon is one step of the same recurrent body from the same state, told which
segment it is (:math:`p_j`), which target (:math:`e_c`), and what is known of its steps in advance.
With ``segment = 1`` this is a plain recurrent stack over steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from elman.models.forecaster import (
    Features,
    Forecaster,
    Memory,
    Prediction,
    Window,
    first_steps,
    normalised,
    recent_values,
    static_size,
)
from elman.models.forecaster_config import ForecasterConfig
from elman.nn.state import State, map_state

__all__ = ["DirectForecaster"]


class DirectForecaster(Forecaster):
    """Segments of the window in, segments of the horizon out.

    Args:
        features: The sizes of the inputs.
        config: The network.
        horizon: Steps to forecast, H.

    Source:
        SegRNN, Lin et al. 2023, arXiv:2308.11200; there without covariates, missing values and
        quantiles.

    Example:
        >>> from elman.models.forecaster import Window
        >>> model = DirectForecaster(Features(targets=2), ForecasterConfig(segment=4), horizon=6)
        >>> none = torch.zeros(3, 16, 0)
        >>> y, seen, lengths = torch.randn(3, 10, 2), torch.ones(3, 10).bool(), torch.full((3,), 10)
        >>> static = torch.zeros(3, 0, dtype=torch.long), torch.zeros(3, 0)
        >>> model.forecast(Window(y, seen, lengths, none, none[:, :10], *static)).mean.shape
        torch.Size([3, 6, 2])
    """

    def __init__(self, features: Features, config: ForecasterConfig, horizon: int) -> None:
        said = min(config.horizon_segment or config.segment, horizon)
        size = config.hidden_size
        super().__init__(features, config, horizon, size, said)
        self.said, self.count = said, -(-horizon // said)
        per_step = 2 + features.known + features.past
        self.embedding = nn.Linear(config.segment * per_step, size)
        told = said * (features.known + 2 * len(config.ago))
        self.future = nn.Linear(told, size, bias=False) if told else None
        fixed = static_size(features, config)
        self.about = nn.Linear(fixed, size, bias=False) if fixed else None
        targets = size // 2 if features.targets > 1 else 0
        self.place = nn.Parameter(torch.randn(self.count, size - targets))
        self.which = nn.Parameter(torch.randn(features.targets, targets)) if targets else None

    def losses(self, window: Window, y: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each value to forecast."""
        about = self.static(window.categories, window.numbers)
        memory = self.read(window)
        raw, centre, scale = self.decode(memory, window.known[:, window.y.shape[1] :], about)
        losses = self.target.loss(raw, self.rows(y), centre, scale)
        return losses, self.each(observed)

    def read(self, window: Window) -> Memory:
        """Read a window in segments; one that is too short for the last is filled in before it."""
        steps, segment = window.y.shape[1], self.config.segment
        y, seen = self.rows(window.y), self.each(window.observed)
        states = self.norm.over(y, seen, steps)
        centre, scale = self.norm.statistics(states)
        about = self.static(window.categories, window.numbers)
        x = self.steps(y, seen, centre, scale, window.known[:, :steps], window.past)
        real = torch.arange(steps, device=y.device) >= steps - window.lengths.unsqueeze(1)
        x = x.masked_fill(~self.each(real).unsqueeze(2), 0.0)
        extra = -steps % segment
        x = F.pad(x, (0, 0, extra, 0))
        began = (steps + extra - window.lengths) // segment
        whole = x.shape[1] // segment
        reset = first_steps(whole - self.each(began), whole)
        _, _, state = self.body(self.embed(x, about), reset=reset)
        recent, known = recent_values(y, seen, self.reach)
        return Memory(state, states[..., -1], recent, known)

    def observe(
        self,
        memory: Memory,
        y: Tensor,
        observed: Tensor,
        known: Tensor,
        past: Tensor,
        about: Tensor,
    ) -> Memory:
        """Take in the next step of each series."""
        rows, seen = y.reshape(-1), self.each(observed)
        norm = self.norm.update(memory.norm, rows, seen)
        centre, scale = (part.unsqueeze(1) for part in self.norm.statistics(norm))
        step = rows.unsqueeze(1), seen.unsqueeze(1)
        x = self.steps(*step, centre, scale, known.unsqueeze(1), past.unsqueeze(1))
        _, _, state = self.body(self.embed(x, about), cast("tuple[State, ...]", memory.body))
        recent = torch.cat([memory.recent[:, 1:], step[0]], 1)
        return Memory(state, norm, recent, torch.cat([memory.seen[:, 1:], step[1]], 1))

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
        """Forecast the steps that follow; nothing is drawn."""
        raw, centre, scale = self.decode(memory, known, about)
        mean = self.target.mean(raw, centre, scale)
        quantiles = self.target.quantiles(raw, levels, centre, scale)
        return Prediction(self.targets(mean), self.targets(quantiles))

    def steps(
        self, y: Tensor, seen: Tensor, centre: Tensor, scale: Tensor, known: Tensor, past: Tensor
    ) -> Tensor:
        """Return the features of steps of the window, ``(R, T, .)``."""
        shared = self.each(torch.cat([known, past], -1))
        return torch.cat([normalised(y, seen, centre, scale), shared], -1)

    def embed(self, x: Tensor, about: Tensor) -> Tensor:
        """Embed the features of steps, segment by segment: ``(T / segment, R, hidden_size)``."""
        segments = x.reshape(len(x), -1, self.embedding.in_features).transpose(0, 1)
        embedded = self.embedding(segments)
        if self.about is not None:
            embedded = embedded + self.each(self.about(about))
        return F.relu(embedded)

    def decode(self, memory: Memory, known: Tensor, about: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the raw numbers of each step to come ``(R, H, size)``, centre and scale."""
        rows, horizon, count = len(memory.recent), self.horizon, self.count
        centre, scale = (part.unsqueeze(1) for part in self.norm.statistics(memory.norm))
        lagged = self.lagged(memory, centre, scale)
        x = self.place.expand(rows, -1, -1)  # (R, count, .)
        if self.which is not None:
            which = self.which.repeat(rows // len(self.which), 1)
            x = torch.cat([x, which.unsqueeze(1).expand(-1, count, -1)], -1)
        if self.future is not None:
            told = torch.cat([self.each(known), lagged.flatten(2)], -1)
            told = F.pad(told, (0, 0, 0, count * self.said - horizon))
            x = x + self.future(told.reshape(rows, count, -1))
        if self.about is not None:
            x = x + self.each(self.about(about)).unsqueeze(1)
        state = map_state(lambda s: s.repeat_interleave(count, 1), memory.body)
        output = self.body(
            x.reshape(1, rows * count, -1), cast("tuple[State, ...]", state)
        ).output  # (1, R * count, hidden)
        raw = self.output(output[0]).reshape(rows, count * self.said, -1)[:, :horizon]
        if self.config.adds:
            raw = self.target.moved(raw, lagged[:, :, -1, 0])
        dtype = raw.dtype
        return raw, centre.to(dtype), scale.to(dtype)

    def lagged(self, memory: Memory, centre: Tensor, scale: Tensor) -> Tensor:
        """Return the newest value a multiple of each lag before each step to come.

        Shape:
            - returns: ``(R, H, lags, 2)``: the value, and whether it is missing
        """
        ahead = torch.arange(self.horizon, device=memory.recent.device)
        found = []
        for lag in self.config.ago:
            back = self.reach - lag + ahead % lag
            values = memory.recent[:, back], memory.seen[:, back]
            found.append(normalised(*values, centre, scale))
        if not found:
            return memory.recent.new_zeros(len(memory.recent), self.horizon, 0, 2)
        return torch.stack(found, 2)
