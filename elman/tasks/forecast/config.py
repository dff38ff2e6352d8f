"""What `forecast` is configured by. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from elman._config import Config
from elman.data.series.config import SeriesConfig
from elman.models.forecaster_config import ForecasterConfig
from elman.train.config import TrainConfig

__all__ = [
    "ForecastEval",
    "ForecastPredict",
    "ForecastTask",
    "ForecastTrainConfig",
    "WindowConfig",
    "levels_of",
]


class WindowConfig(Config):
    """What of a series the network sees when it forecasts."""

    lookback: int | None = Field(default=None, ge=1)
    """Steps that are looked back on. Unset: three seasons or three horizons, whichever is longer,
    as far as the shortest series allows."""
    scaling: Literal["standard", "mean", "none"] | None = None
    """What each series is divided by before anything else, learned from its training part: its
    standard deviation after taking its mean away; its mean size; or nothing. Unset: `standard`;
    `none` for counts."""
    log: bool = False
    """Forecast the logarithm, for values above zero that grow in proportion; undone at the end."""


class ForecastTrainConfig(TrainConfig):
    """How a forecaster is trained: on windows drawn from all series.

    Example:
        >>> ForecastTrainConfig(windows=10_000).windows
        10000
    """

    fixed: ClassVar[tuple[str, ...]] = (*TrainConfig.fixed, "windows")

    batch_size: int = Field(default=64, ge=1)
    """Windows side by side in one batch."""
    epochs: int | None = Field(default=40, ge=1)
    """Limit: passes over the data, as `windows` counts them."""
    patience: int | None = Field(default=8, ge=1)
    """Stop early after this many validations without a new best."""
    lr: float = Field(default=1e-3, gt=0, le=1000)
    """Peak learning rate."""
    windows: int | None = Field(default=None, ge=1)
    """Windows that are drawn for one epoch, each at most once more than another. Unset: all there
    are, but at least 50 batches and at most 200."""


class ForecastTask(Config):
    """Train a network that says how time series go on: sales, loads, temperatures, counts."""

    task: Literal["forecast"] = "forecast"
    """The task's name in the registry."""
    data: str = "temperatures"
    """A CSV, TSV, JSON lines or Parquet file with a row for each step of each series, or a set by
    its name (`elman data list`)."""
    horizon: int = Field(default=24, ge=1)
    """Steps to forecast."""
    series: SeriesConfig = Field(default_factory=SeriesConfig)
    """Which column is what, how series become regular, and which part of them is held out."""
    window: WindowConfig = Field(default_factory=WindowConfig)
    """What the network sees."""
    model: ForecasterConfig = Field(default_factory=ForecasterConfig)
    """The network."""
    train: ForecastTrainConfig = Field(default_factory=ForecastTrainConfig)
    """The training."""

    @model_validator(mode="after")
    def _counts_stay_counts(self) -> Self:
        counts = self.model.head == "negative_binomial"
        if counts and self.window.scaling not in (None, "none"):
            raise ValueError(
                f"window.scaling = '{self.window.scaling}': counts must stay whole numbers; "
                "model.norm scales their windows"
            )
        if counts and self.window.log:
            raise ValueError("window.log: the logarithm of a count of zero is not there")
        if self.window.log and "mean" in self.model.normalisation:
            raise ValueError("window.log: a logarithm has no size, use model.norm = 'standard'")
        longest = max(self.model.ago, default=0)
        if self.window.lookback is not None and longest > self.window.lookback:
            raise ValueError(
                f"model.lags: {longest} steps ago is before the {self.window.lookback} steps of "
                "window.lookback"
            )
        return self

    @property
    def scaling(self) -> str:
        """What series are scaled by."""
        counts = self.model.head == "negative_binomial"
        return self.window.scaling or ("none" if counts else "standard")


def levels_of(intervals: tuple[float, ...]) -> tuple[float, ...]:
    """Return the levels of the quantiles that bound intervals of these percentages, rising.

    Example:
        >>> levels_of((80.0, 95.0))
        (0.025, 0.1, 0.9, 0.975)
    """
    tails = sorted({round((100 - width) / 200, 6) for width in intervals})
    return (*tails, *(round(1 - tail, 6) for tail in reversed(tails)))


class Sampling(Config):
    """How a trained network is asked."""

    samples: int = Field(default=200, ge=2)
    """Paths drawn of each series, of runs that draw them (mode `autoregressive`)."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of these paths."""


class ForecastEval(Sampling):
    """How a run is scored."""

    stride: int | None = Field(default=None, ge=1)
    """Steps from one forecast to the next. Unset: the horizon; 1 counts every window."""
    folds: int | None = Field(default=None, ge=1)
    """Forecasts of each series at most, the last ones. Unset: all that fit."""


class ForecastPredict(Sampling):
    """How forecasts are made and written."""

    format: Literal["text", "csv", "json"] = "text"
    """`text` to read; `csv`: a table; `json`: an object a line."""
    levels: str = "80,95"
    """Widths of the intervals in percent, with commas between them."""
    out: str | None = None
    """Write the table to this file instead, as its name ends: .csv, .json, .jsonl or .parquet."""
    html: str | None = None
    """Also write a page with the forecasts drawn."""
    png: str | None = None
    """Also write a picture of the forecasts."""
    stream: bool = False
    """Read rows of a table from standard input, and forecast anew after each."""

    @field_validator("levels")
    @classmethod
    def _levels_are_percent(cls, value: str) -> str:
        try:
            widths = [float(width) for width in value.split(",")]
        except ValueError:
            widths = []
        if not widths or not all(0 < width < 100 for width in widths):
            raise ValueError("expected percentages between 0 and 100, such as 80,95")
        return value

    @property
    def widths(self) -> tuple[float, ...]:
        """The widths of the intervals in percent."""
        return tuple(float(width) for width in self.levels.split(","))

    @model_validator(mode="after")
    def _streams_are_text(self) -> Self:
        if self.stream and (self.html or self.png or self.out):
            raise ValueError("stream: writes rows as they come; leave out, html and png away")
        if self.out and "format" in self.model_fields_set:
            raise ValueError("format has no effect on out, whose name says it")
        return self
