"""Every knob of a training, typed and documented. Knows nothing of torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from elman._config import Config

__all__ = ["DEFAULT_MINUTES", "ExampleTrainConfig", "StreamTrainConfig", "TrainConfig"]

DEFAULT_MINUTES = 10.0
LIMITS = ("epochs", "steps", "minutes")

# A knob that only some choices read: with another choice it would be ignored, so it is refused.
READ_BY: Mapping[str, tuple[str, frozenset[str]]] = {
    "betas": ("optimizer", frozenset({"adamw"})),
    "momentum": ("optimizer", frozenset({"sgd"})),
    "asgd_interval": ("optimizer", frozenset({"nt-asgd"})),
    "min_lr_ratio": ("schedule", frozenset({"cosine", "plateau"})),
    "plateau_patience": ("schedule", frozenset({"plateau"})),
    "plateau_factor": ("schedule", frozenset({"plateau"})),
}


class TrainConfig(Config):
    """How any model is trained: batches, optimiser, limits, what is kept and shown.

    At least one of ``epochs``, ``steps`` and ``minutes`` limits every training; the one that is
    reached first ends it. If none is given, it is ten minutes.

    Example:
        >>> TrainConfig(steps=100).minutes is None, TrainConfig().minutes
        (True, 10.0)
    """

    # With another value of these, the cursor or the optimiser's tensors would mean something else.
    fixed: ClassVar[tuple[str, ...]] = (
        *("batch_size", "accumulate", "seed"),
        *("optimizer", "ema_decay", "precision"),
    )

    batch_size: int = Field(default=32, ge=1)
    """Sequences side by side in one batch."""
    optimizer: Literal["adamw", "sgd", "nt-asgd"] = "adamw"
    """`adamw`; `sgd`; or `nt-asgd`, SGD that averages weights once validation stalls."""
    lr: float = Field(default=3e-3, gt=0, le=1000)
    """Peak learning rate."""
    betas: tuple[float, float] = (0.9, 0.99)
    """AdamW's decay of the first and second moment, each in [0, 1)."""
    momentum: float = Field(default=0.0, ge=0, lt=1)
    """Momentum of `sgd`."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Decay of matrices (decoupled for AdamW, L2 for SGD); vectors and biases never decay."""
    asgd_interval: int = Field(default=5, ge=1)
    """`nt-asgd` begins to average when validation is worse than its best this many ago."""
    schedule: Literal["cosine", "constant", "plateau"] = "cosine"
    """How the learning rate falls: to the end of the limits, never, or when validation stalls."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps over which the learning rate rises linearly to its peak."""
    min_lr_ratio: float = Field(default=0.05, ge=0, le=1)
    """Lowest learning rate of `cosine` and `plateau`, as a part of the peak."""
    plateau_patience: int = Field(default=2, ge=0)
    """`plateau`: validations without a new best that are borne before the rate falls."""
    plateau_factor: float = Field(default=0.5, gt=0, lt=1)
    """`plateau`: what the learning rate is multiplied by when it falls."""
    clip_norm: float = Field(default=1.0, ge=0)
    """Largest Euclidean norm of the whole gradient; 0 does not clip."""
    epochs: int | None = Field(default=None, ge=1)
    """Limit: passes over the data."""
    steps: int | None = Field(default=None, ge=1)
    """Limit: optimiser steps."""
    minutes: float | None = Field(default=None, gt=0)
    """Limit: minutes of wall clock, those before a resume included. 10 if no limit is given."""
    patience: int | None = Field(default=None, ge=1)
    """Stop early after this many validations without a new best."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of every random choice."""
    eval_every: int | None = Field(default=None, ge=1)
    """Steps between validations. Unset: after each epoch. There is always one at the end."""
    sample_every: int | None = Field(default=None, ge=1)
    """Steps between samples of what the model has learned. Unset: after each validation."""
    checkpoint_every: int | None = Field(default=None, ge=1)
    """Steps between checkpoints. Unset: at each validation and about once a minute."""
    keep_checkpoints: int = Field(default=2, ge=1)
    """Newest checkpoints that are kept; the second is the reserve if the first is damaged."""
    report_every: int = Field(default=10, ge=1)
    """Steps between reports of the loss; each is the mean since the last."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """`bf16` computes the forward pass in bfloat16 where safe (autocast); weights stay float32."""
    accumulate: int = Field(default=1, ge=1)
    """Batches whose gradients are averaged into one step."""
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    """Decay per step of an exponential moving average of the weights, which is then what is
    validated and kept; 0 is off."""
    max_nonfinite: int = Field(default=10, ge=1)
    """Non-finite losses or gradients in a row that stop the training; none is ever applied."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads. Unset: torch's choice."""
    device: str = "cpu"
    """`cpu`, `cuda`, `cuda:1`, `mps`: where to compute."""
    tensorboard: bool = False
    """Also write TensorBoard event files; needs `pip install 'elman[log]'`."""

    @model_validator(mode="before")
    @classmethod
    def always_limited(cls, data: Any) -> Any:
        """Fill in the time limit where no limit is given."""
        if isinstance(data, Mapping) and all(data.get(name) is None for name in LIMITS):
            return {**data, "minutes": DEFAULT_MINUTES}
        return data

    @field_validator("betas")
    @classmethod
    def betas_in_range(cls, value: tuple[float, float]) -> tuple[float, float]:
        """Check both decays."""
        if not all(0 <= beta < 1 for beta in value):
            raise ValueError("both must be at least 0 and less than 1")
        return value

    @field_validator("weight_decay")
    @classmethod
    def decay_shrinks(cls, value: float, info: ValidationInfo) -> float:
        """Check that a decay step cannot turn a weight's sign, or grow it."""
        if value * info.data.get("lr", 0.0) >= 1:
            raise ValueError("lr * weight_decay must be less than 1, or decay makes weights grow")
        return value

    @field_validator(*READ_BY)
    @classmethod
    def is_read(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a knob that the chosen optimiser or schedule would ignore."""
        name = str(info.field_name)
        chooser, readers = READ_BY[name]
        choice = info.data.get(chooser)
        if choice is not None and choice not in readers and value != cls.model_fields[name].default:
            only = " or ".join(f"'{reader}'" for reader in sorted(readers))
            raise ValueError(f"only {chooser} = {only} reads it, and {chooser} is '{choice}'")
        return value

    @field_validator("ema_decay")
    @classmethod
    def one_average(cls, value: float, info: ValidationInfo) -> float:
        """Refuse two averages of the same weights."""
        if value and info.data.get("optimizer") == "nt-asgd":
            raise ValueError("nt-asgd averages the weights already; use one or the other")
        return value

    @field_validator("device")
    @classmethod
    def device_is_known(cls, value: str) -> str:
        """Check the device's name, not whether this machine has it."""
        kind, _, index = value.partition(":")
        if kind not in {"cpu", "cuda", "mps"} or (":" in value and not index.isdecimal()):
            raise ValueError("expected cpu, cuda, cuda:N or mps")
        return value


class StreamTrainConfig(TrainConfig):
    """How a model of one long sequence is trained: window by window, the state carried on.

    Example:
        >>> StreamTrainConfig(tbptt_length=64).tbptt_length
        64
    """

    fixed: ClassVar[tuple[str, ...]] = (
        *TrainConfig.fixed,
        *("tbptt_length", "segment_length", "vary_length"),
    )

    tbptt_length: int = Field(default=128, ge=1)
    """Steps through which gradients flow (truncated BPTT); state is carried further."""
    segment_length: int | None = Field(default=None, ge=1)
    """Compute the window's gradient exactly in segments of this many steps: less memory, about
    a third more time. Unset: the window is kept whole."""
    vary_length: bool = False
    """Draw each window's length around `tbptt_length`, so that cuts do not fall on one place."""

    @field_validator("segment_length")
    @classmethod
    def segment_fits(cls, value: int | None, info: ValidationInfo) -> int | None:
        """Check that there is more than one segment to a window."""
        length = info.data.get("tbptt_length")
        if value is not None and length is not None and value > length:
            raise ValueError(f"must be at most tbptt_length = {length}")
        return value


class ExampleTrainConfig(TrainConfig):
    """How a model of many separate examples is trained: batches of examples of like length.

    Example:
        >>> ExampleTrainConfig(max_tokens=4096).max_tokens
        4096
    """

    fixed: ClassVar[tuple[str, ...]] = (*TrainConfig.fixed, "max_tokens")

    max_tokens: int | None = Field(default=None, ge=1)
    """Steps in one batch at most, padding included: long examples then come in smaller batches."""
