"""What a model is built from. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from elman._config import Config

__all__ = ["BodyConfig", "LanguageModelConfig"]

Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
Size = Annotated[int, Field(ge=1)]


class BodyConfig(Config):
    """The recurrent body: what every model has between its frontend and its head."""

    cell: Literal["rnn", "rnn_relu", "lstm", "gru"] = "lstm"
    """The equation of one step."""
    hidden_size: Size = 256
    """Units in each layer."""
    num_layers: Size = 2
    """Recurrent layers, one above the other."""
    layer_norm: bool = False
    """Layer-normalise inside the recurrence."""
    dropout: Rate = 0.2
    """Dropout of the input, between the layers, and of the output: the one knob to turn first."""
    dropout_input: Rate | None = None
    """Locked dropout of the input (one mask for all steps), in place of `dropout` there."""
    dropout_hidden: Rate | None = None
    """Locked dropout between the layers, in place of `dropout` there."""
    dropout_output: Rate | None = None
    """Locked dropout of the last layer's output, in place of `dropout` there."""
    recurrent_dropout: Rate = 0.0
    """Dropout of the memory on its way back in, one mask for all steps."""
    weight_drop: Rate = 0.0
    """Dropout of the hidden-to-hidden weights, one mask for a batch (DropConnect)."""
    zoneout: Rate = 0.0
    """Chance that a unit keeps its previous value at a step."""
    init: Literal["torch", "orthogonal", "chrono"] = "torch"
    """How recurrent weights start: as torch's, orthogonal, or with gate biases for long memory."""
    chrono_max: Annotated[int | None, Field(ge=2, validate_default=True)] = None
    """For `init = "chrono"`: the longest dependency expected, in steps."""
    forget_bias: float | None = None
    """First bias of the gate that keeps, an LSTM's f or a GRU's z; 1 helps long memory."""
    backend: str = "auto"
    """The kernels to run on; `elman doctor` lists them."""

    @field_validator("dropout_hidden")
    @classmethod
    def _has_a_between(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value and info.data.get("num_layers") == 1:
            raise wrong("nothing is between the layers when num_layers = 1")
        return value

    @field_validator("chrono_max")
    @classmethod
    def _chrono_fits(cls, value: int | None, info: ValidationInfo) -> int | None:
        chrono = info.data.get("init") == "chrono"
        if chrono and value is None:
            raise wrong("init = 'chrono' needs it: the longest dependency expected, in steps")
        if chrono and info.data.get("cell") not in ("lstm", "gru"):
            raise wrong("chrono initialisation sets gate biases: use cell 'lstm' or 'gru'")
        if value is not None and not chrono:
            raise wrong("has no effect unless init = 'chrono'")
        return value

    @field_validator("forget_bias")
    @classmethod
    def _forget_bias_fits(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and info.data.get("cell") not in ("lstm", "gru"):
            raise wrong("only the cells 'lstm' and 'gru' have a gate that keeps")
        if value is not None and info.data.get("init") == "chrono":
            raise wrong("init = 'chrono' sets this bias already")
        return value


class LanguageModelConfig(BodyConfig):
    """A model of the next token: embedding -> recurrent body -> softmax over the vocabulary."""

    embedding_size: Size = 128
    """Features of a token's embedding."""
    dropout_embedding: Rate = 0.0
    """Chance that a word's embedding is zero throughout a batch, everywhere it occurs."""
    sparse_embedding: bool = False
    """Update only the embeddings of the tokens in the batch: for large vocabularies."""
    tie_weights: bool = False
    """Use the embedding as the softmax's weights; the last layer gets `embedding_size` units."""
    adaptive_cutoffs: tuple[Size, ...] = ()
    """Adaptive softmax: where rarer clusters begin; ids must be sorted by frequency."""
    activation_reg: Annotated[float, Field(ge=0.0)] = 0.0
    """Weight of the penalty on large outputs (AR): AWD-LSTM uses 2."""
    temporal_reg: Annotated[float, Field(ge=0.0)] = 0.0
    """Weight of the penalty on outputs that change fast in time (TAR): AWD-LSTM uses 1."""

    @field_validator("tie_weights")
    @classmethod
    def _tying_fits(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("sparse_embedding"):
            raise wrong(
                "cannot be combined with sparse_embedding: the softmax's gradient reaches every "
                "row; choose one of the two"
            )
        return value

    @field_validator("adaptive_cutoffs")
    @classmethod
    def _cutoffs_fit(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise wrong("expected increasing numbers, such as [2000, 10000]")
        if value and info.data.get("tie_weights"):
            raise wrong(
                "cannot be combined with tie_weights: rare clusters have narrower weights than "
                "the embedding; choose one of the two"
            )
        return value


def wrong(message: str) -> PydanticCustomError:
    """Return the error of a value that does not fit another one."""
    return PydanticCustomError("unfit", message)
