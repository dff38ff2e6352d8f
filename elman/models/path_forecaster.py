r"""The autoregressive forecaster: a distribution of the next value, and paths drawn from it.

.. math::
    h_t = \text{body}\big(z_{t-1}, z_{t-l_1}, \dots, x_t;\; h_{t-1}\big) \qquad
    y_t \sim p\big(W h_t;\; c_{t-1}, s_{t-1}\big)

In training the true values are fed back, in forecasts those that were drawn, many paths side by
side. With a normalisation that runs, the step at t knows nothing of t and after it, so a stream
gives the numbers of reading everything again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from elman._errors import ConfigError
from elman.models.distribution import NegativeBinomialHead, PointHead
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

__all__ = ["PathForecaster"]

TARGET_SIZE = 8
"""Features of the embedding that says which target of a multivariate series a row is."""


class PathForecaster(Forecaster):
    """One value after the other, each with a distribution.

    Args:
        features: The sizes of the inputs.
        config: The network.
        horizon: Steps to forecast, H.

    Raises:
        ConfigError: If there are columns that are known up to now only: nobody could draw them.

    Source:
        DeepAR, Salinas et al. 2020, arXiv:1704.04110.

    Example:
        >>> from elman.models.forecaster import Window
        >>> config = ForecasterConfig(mode="autoregressive", norm="running_standard", head="normal")
        >>> model = PathForecaster(Features(), config, horizon=6)
        >>> none, seen = torch.zeros(3, 16, 0), torch.ones(3, 10).bool()
        >>> static = torch.zeros(3, 0, dtype=torch.long), torch.zeros(3, 0)
        >>> lengths = torch.full((3,), 10)
        >>> window = Window(torch.randn(3, 10, 1), seen, lengths, none, none[:, :10], *static)
        >>> model.forecast(window, (0.1, 0.9), samples=50).quantiles.shape
        torch.Size([3, 6, 2, 1])
    """

    def __init__(self, features: Features, config: ForecasterConfig, horizon: int) -> None:
        if features.past:
            columns = "1 column is" if features.past == 1 else f"{features.past} columns are"
            raise ConfigError(
                f"mode = 'autoregressive' draws values only, but {columns} known up to now only: "
                "use --model.mode direct, or leave series.past empty"
            )
        size = TARGET_SIZE if features.targets > 1 else 0
        inputs = 2 * (1 + len(config.ago)) + features.known + static_size(features, config) + size
        super().__init__(features, config, horizon, inputs)
        self.which = nn.Parameter(torch.randn(features.targets, size)) if size else None

    def losses(self, window: Window, y: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each next value, in the window as well if the norm runs."""
        steps, total = window.y.shape[1], window.y.shape[1] + y.shape[1]
        rows = self.rows(torch.cat([window.y, y], 1))
        seen = self.each(torch.cat([window.observed, observed], 1))
        output, states, _ = self.run(window, rows, seen, total)
        centre, scale = self.before(states)
        raw = self.answer(output, rows, seen, centre, scale)
        losses = self.target.loss(raw, rows, centre.to(rows.dtype), scale.to(rows.dtype))
        at = torch.arange(total, device=rows.device)
        first = steps - self.each(window.lengths).unsqueeze(1)  # of it nothing could be known
        learned = at > first if self.config.why_no_stream is None else at >= steps
        return losses, seen & learned

    def read(self, window: Window) -> Memory:
        """Read a window; its last value waits for the next step."""
        y, seen = self.rows(window.y), self.each(window.observed)
        _, states, body = self.run(window, y, seen, y.shape[1])
        return Memory(body, states[..., -1], *recent_values(y, seen, self.reach))

    def run(
        self, window: Window, y: Tensor, seen: Tensor, total: int
    ) -> tuple[Tensor, Tensor, State]:
        """Run over ``total`` steps with the true values: output ``(T, R, .)``, norms, state."""
        states = self.norm.over(y, seen, window.y.shape[1])
        centre, scale = self.before(states)
        past = [(shifted(y, lag), shifted(seen, lag)) for lag in (1, *self.config.ago)]
        about = self.static(window.categories, window.numbers)
        x = self.inputs(past, centre, scale, window.known[:, :total], about)
        missing = total - window.y.shape[1]  # steps to forecast, which padding does not have
        reset = first_steps(self.each(window.lengths) + missing, total)
        output, _, state = self.body(x, reset=reset)
        return output, states, state

    def before(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return centre and scale as they were before each step, ``(R, T)``."""
        if self.config.why_no_stream is None:
            states = F.pad(states[..., :-1], (1, 0))
        return self.norm.statistics(states)

    def inputs(
        self,
        past: Sequence[tuple[Tensor, Tensor]],
        centre: Tensor,
        scale: Tensor,
        known: Tensor,
        about: Tensor,
    ) -> Tensor:
        """Return what the body reads, ``(T, R, I)``.

        Args:
            past: The value before each step and one for each lag, with whether it was observed.
            centre: ``(R, T)``.
            scale: ``(R, T)``.
            known: ``(B, T, K)``.
            about: ``(B, .)``.
        """
        steps = known.shape[1]
        values = [normalised(y, seen, centre, scale) for y, seen in past]
        fixed = self.each(about)
        if self.which is not None:
            fixed = torch.cat([fixed, self.which.repeat(len(about), 1)], -1)
        fixed = fixed.unsqueeze(1).expand(-1, steps, -1)
        return torch.cat([*values, self.each(known), fixed], -1).transpose(0, 1)

    def answer(
        self, output: Tensor, y: Tensor, seen: Tensor, centre: Tensor, scale: Tensor
    ) -> Tensor:
        """Return the raw numbers of each step, ``(R, T, size)``."""
        raw: Tensor = self.output(output).transpose(0, 1)
        if self.config.adds:
            lag = self.config.ago[-1]
            lagged = normalised(shifted(y, lag), shifted(seen, lag), centre, scale)
            raw = self.target.moved(raw, lagged[..., 0])
        return raw

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
        _, body = self.next(memory, known, about)
        return self.taken(memory, body, y.reshape(-1), self.each(observed))

    def next(self, memory: Memory, known: Tensor, about: Tensor) -> tuple[Tensor, State]:
        """Return the output ``(R, .)`` for the step that follows, and the state after it."""
        centre, scale = (part.unsqueeze(1) for part in self.norm.statistics(memory.norm))
        past = [
            (memory.recent[:, -lag].unsqueeze(1), memory.seen[:, -lag].unsqueeze(1))
            for lag in (1, *self.config.ago)
        ]
        x = self.inputs(past, centre, scale, known.unsqueeze(1), about)
        output, _, state = self.body(x, cast("tuple[State, ...]", memory.body))
        return output[0], state

    def taken(self, memory: Memory, body: State, y: Tensor, seen: Tensor) -> Memory:
        """Return what is remembered after a value of each row, ``(R,)``."""
        recent = torch.cat([memory.recent[:, 1:], y.unsqueeze(1)], 1)
        known = torch.cat([memory.seen[:, 1:], seen.unsqueeze(1)], 1)
        return Memory(body, self.norm.update(memory.norm, y, seen), recent, known)

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
        """Draw paths; return their means and quantiles."""
        paths = self.paths(memory, known, about, samples=samples, generator=generator)
        asked = torch.as_tensor(levels, dtype=paths.dtype, device=paths.device)
        if isinstance(self.target, PointHead) and levels:
            self.target.quantiles(paths, levels, paths, paths)  # says why not
        between = "higher" if isinstance(self.target, NegativeBinomialHead) else "linear"
        quantiles = paths.quantile(asked, dim=1, interpolation=between).permute(
            1, 2, 0
        )  # (R, H, Q)
        return Prediction(self.targets(paths.mean(1)), self.targets(quantiles))

    def paths(
        self,
        memory: Memory,
        known: Tensor,
        about: Tensor,
        *,
        samples: int = 200,
        generator: Generator | None = None,
    ) -> Tensor:
        """Draw what may come, ``(R, samples, H)``; of a point forecast the one path there is."""
        count = 1 if isinstance(self.target, PointHead) else samples
        targets = self.features.targets

        def spread(rows: Tensor, dim: int = 0) -> Tensor:  # series, then paths, then targets
            before, after = rows.shape[:dim], rows.shape[dim + 1 :]
            split = rows.reshape(*before, rows.shape[dim] // targets, 1, targets, *after)
            wide = split.expand(*before, -1, count, -1, *after)
            return wide.reshape(*before, rows.shape[dim] * count, *after)

        memory = Memory(
            map_state(lambda s: spread(s, 1), memory.body),
            spread(memory.norm, 1),
            spread(memory.recent),
            spread(memory.seen),
        )
        known, about = (v.repeat_interleave(count, 0) for v in (known, about))
        seen = torch.ones(len(memory.recent), dtype=torch.bool, device=memory.recent.device)
        drawn = []
        for h in range(self.horizon):
            output, body = self.next(memory, known[:, h], about)
            centre, scale = self.norm.statistics(memory.norm)
            raw = self.output(output)
            if self.config.adds:
                lag = self.config.ago[-1]
                lagged = normalised(memory.recent[:, -lag], memory.seen[:, -lag], centre, scale)
                raw = self.target.moved(raw, lagged[:, 0])
            units = centre.to(raw.dtype), scale.to(raw.dtype)
            y = self.target.sample(raw, *units, generator)
            drawn.append(y)
            memory = self.taken(memory, body, y, seen)
        paths = torch.stack(drawn, -1).reshape(len(about) // count, count, targets, -1)
        return paths.transpose(1, 2).reshape(-1, count, self.horizon)


def shifted(values: Tensor, steps: int) -> Tensor:
    """Move ``(R, T)`` to later steps; zeros, or False, come in."""
    return F.pad(values[:, : max(values.shape[1] - steps, 0)], (min(steps, values.shape[1]), 0))
