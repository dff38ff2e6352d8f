"""What a forecaster is built from. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from elman.models.config import BodyConfig, Rate, Size, wrong

__all__ = ["RUNNING", "ForecasterConfig"]

Level = Annotated[float, Field(gt=0.0, lt=1.0)]
RUNNING = ("running_standard", "running_mean", "none")
"""Normalisations that a stream can keep: they never look ahead, and cost the same at each step."""


class ForecasterConfig(BodyConfig):
    """A global model of many series: window -> recurrent body -> what is to come."""

    mode: Literal["direct", "autoregressive"] = "direct"
    """`direct` says all steps of the horizon at once; `autoregressive` draws sample paths, each
    value fed back in as the next input."""
    cell: Literal["rnn", "rnn_relu", "lstm", "gru"] = "gru"
    """The equation of one step."""
    hidden_size: Size = 128
    """Units in each layer."""
    num_layers: Size = 1
    """Recurrent layers, one above the other."""
    dropout_input: Rate | None = 0.0
    """Locked dropout of what goes into the first layer (one mask for all steps)."""
    segment: Size = 24
    """`direct`: steps of the window that are read at once; 1 reads step by step."""
    horizon_segment: Size | None = None
    """`direct`: steps of the horizon that are said at once. Unset: as `segment`."""
    head: Literal["point", "quantiles", "normal", "student_t", "negative_binomial"] = "quantiles"
    """What is said of a value: one number, quantiles, or a distribution; negative_binomial is for
    counts."""
    point_loss: Literal["absolute", "squared"] = "absolute"
    """Head `point`: which error is minimised; the best answer is the median or the mean."""
    levels: tuple[Level, ...] = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
    """Head `quantiles`: the levels that are trained."""
    norm: Literal["last", "standard", "mean", "running_standard", "running_mean", "none"] | None = (
        None
    )
    """How a window is normalised, and forecasts carried back: less its last value; by mean and
    standard deviation; by its mean size, zero staying zero; the same as they run, which a stream
    can keep; or not at all. Unset: `standard`, of counts `mean`; running where steps are read one
    by one."""
    norm_memory: Size = 168
    """Running normalisation: steps after which a value counts 1/e."""
    lags: tuple[Size, ...] | None = None
    """Values that long ago are inputs of each step to forecast, such as 24 and 168 of hours.
    Unset: a season ago, if the window reaches so far."""
    residual: bool | None = None
    """Forecast what is to be added to the value one lag ago, the longest of `lags`. Unset: yes in
    mode `direct` if there are lags, and no counts."""
    static_size: Size = 8
    """Features of each word that says something of a whole series."""

    @field_validator("segment", "horizon_segment")
    @classmethod
    def _segments_are_read(cls, value: int | None, info: ValidationInfo) -> int | None:
        given = value != cls.model_fields[str(info.field_name)].default
        if given and info.data.get("mode") == "autoregressive":
            raise wrong("only mode = 'direct' has segments; autoregressive goes step by step")
        return value

    @field_validator("point_loss")
    @classmethod
    def _loss_is_read(cls, value: str, info: ValidationInfo) -> str:
        if value != "absolute" and info.data.get("head") != "point":
            raise wrong("only head = 'point' reads it")
        return value

    @field_validator("levels")
    @classmethod
    def _levels_are_read(cls, value: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        if list(value) != sorted(set(value)) or not value:
            raise wrong("expected increasing numbers between 0 and 1, such as [0.1, 0.5, 0.9]")
        if value != cls.model_fields["levels"].default and info.data.get("head") != "quantiles":
            raise wrong("only head = 'quantiles' is trained by levels")
        return value

    @field_validator("norm")
    @classmethod
    def _norm_fits(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return value
        if info.data.get("head") == "negative_binomial" and "mean" not in value.split("_"):
            raise wrong("counts of zero have to stay zero: use 'mean' or 'running_mean'")
        direct = info.data.get("mode") == "direct"
        if value.startswith("running") and direct and info.data.get("segment") != 1:
            raise wrong("a norm that runs from step to step needs segment = 1")
        if value == "last" and info.data.get("mode") == "autoregressive":
            raise wrong("the last value changes at every step: use 'running_standard'")
        return value

    @field_validator("norm_memory")
    @classmethod
    def _memory_is_read(cls, value: int, info: ValidationInfo) -> int:
        default = cls.model_fields["norm_memory"].default
        norm = info.data.get("norm")
        steps = info.data.get("mode") == "autoregressive" or info.data.get("segment") == 1
        runs = steps if norm is None else norm.startswith("running")
        if value != default and not runs:
            raise wrong("only norm = 'running_standard' and 'running_mean' read it")
        return value

    @field_validator("lags")
    @classmethod
    def _lags_increase(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if list(value or ()) != sorted(set(value or ())):
            raise wrong("expected increasing numbers of steps, such as [24, 168]")
        return value

    @field_validator("residual")
    @classmethod
    def _residual_fits(cls, value: bool | None, info: ValidationInfo) -> bool | None:
        if value and info.data.get("lags") == ():
            raise wrong("needs lags: something has to be added to")
        if value and info.data.get("head") == "negative_binomial":
            raise wrong("cannot be combined with counts, which are never negative")
        return value

    @property
    def normalisation(self) -> str:
        """The normalisation, also where `norm` is unset."""
        if self.norm is not None:
            return self.norm
        kind = "mean" if self.head == "negative_binomial" else "standard"
        steps = self.mode == "autoregressive" or self.segment == 1
        return f"running_{kind}" if steps else kind

    @property
    def ago(self) -> tuple[int, ...]:
        """The lags; none where nobody has said which."""
        return self.lags or ()

    @property
    def adds(self) -> bool:
        """Whether forecasts are added to the value of the longest lag."""
        if self.residual is None:
            direct = self.mode == "direct" and self.head != "negative_binomial"
            return direct and bool(self.ago)
        return self.residual and bool(self.ago)

    @property
    def why_no_stream(self) -> str | None:
        """Why new values cannot be taken in one by one; None if they can."""
        if self.mode == "direct" and self.segment > 1:
            return (
                f"segment = {self.segment} cuts each window anew; train with --model.segment 1 or "
                "--model.mode autoregressive"
            )
        if self.normalisation not in RUNNING:
            return (
                f"norm = '{self.norm}' normalises each window anew; train with --model.norm "
                "running_standard or running_mean"
            )
        return None
