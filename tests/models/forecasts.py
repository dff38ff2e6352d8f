"""Windows and networks for the tests of forecasters; holds no tests."""

from __future__ import annotations

from typing import Any

import torch

from elman.models.direct_forecaster import DirectForecaster
from elman.models.forecaster import Features, Forecaster, Window
from elman.models.forecaster_config import ForecasterConfig
from elman.models.path_forecaster import PathForecaster

FULL = Features(targets=2, known=3, past=2, categories=(4, 3), numbers=1)
"""Everything there is."""
NO_PAST = FULL._replace(past=0)


def forecaster(features: Features, horizon: int, *, seed: int = 0, **keys: Any) -> Forecaster:
    torch.manual_seed(seed)
    keys = {"hidden_size": 7, **keys}
    config = ForecasterConfig(**keys)
    kind = DirectForecaster if config.mode == "direct" else PathForecaster
    return kind(features, config, horizon).double().eval()


def window(
    features: Features,
    steps: int,
    horizon: int,
    *,
    batch: int = 3,
    seed: int = 0,
    gaps: bool = True,
) -> tuple[Window, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    y = 5 + normal(batch, steps + horizon, features.targets).cumsum(1)
    observed = torch.rand(batch, steps + horizon, generator=g) > (0.2 if gaps else -1)
    words = [torch.randint(count, (batch,), generator=g) for count in features.categories]
    categories = torch.stack(words, 1) if words else torch.zeros(batch, 0, dtype=torch.long)
    found = Window(
        y[:, :steps],
        observed[:, :steps],
        torch.full((batch,), steps),
        normal(batch, steps + horizon, features.known),
        normal(batch, steps, features.past),
        categories,
        normal(batch, features.numbers),
    )
    return found, y[:, steps:], observed[:, steps:]


def padded(some: Window, before: int, seed: int = 9) -> Window:
    """Put rubbish before a window."""
    g = torch.Generator().manual_seed(seed)

    def rubbish(part: torch.Tensor) -> torch.Tensor:
        wide = 1e3 * torch.randn(part.shape[0], before, *part.shape[2:], generator=g)
        return torch.cat([wide.to(part), part], 1)

    none = torch.zeros(len(some.y), before, dtype=torch.bool)
    return some._replace(
        y=rubbish(some.y),
        observed=torch.cat([none, some.observed], 1),
        known=rubbish(some.known),
        past=rubbish(some.past),
    )
