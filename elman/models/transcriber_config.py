"""What a transcriber is built from. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from elman._config import Config
from elman.models.config import BodyConfig, Rate, Size, wrong

__all__ = ["AugmentConfig", "TranscriberConfig"]

Part = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]


class AugmentConfig(Config):
    """What is blanked of the spectrogram in training (SpecAugment)."""

    frequency_masks: Annotated[int, Field(ge=0)] = 2
    """Bands of frequencies that are blanked; 0: none."""
    frequency_width: Part = 0.15
    """Widest of these masks, as a part of all bands."""
    time_masks: Annotated[int, Field(ge=0)] = 2
    """Stretches of time that are blanked; 0: none."""
    time_width: Part = 0.05
    """Longest of these masks, as a part of the recording; never more than a second."""

    @field_validator("frequency_width", "time_width")
    @classmethod
    def _width_is_used(cls, value: float, info: ValidationInfo) -> float:
        name = str(info.field_name)
        masks = name.replace("width", "masks")
        if info.data.get(masks) == 0 and value != cls.model_fields[name].default:
            raise wrong(f"has no effect while {masks} is 0")
        return value


class TranscriberConfig(BodyConfig):
    """Log-mel features -> convolutions -> recurrent body -> letters, trained by CTC.

    Example:
        >>> TranscriberConfig(streaming=True, lookahead=4).normalise
        'global'
    """

    mels: Size = 40
    """Bands of frequencies, spaced as the ear spaces them."""
    window_ms: Positive = 25.0
    """Length of the window that a frame is computed from."""
    hop_ms: Positive = 10.0
    """From one frame to the next."""
    low_hz: Annotated[float, Field(ge=0.0)] = 20.0
    """Where the lowest band begins."""
    high_hz: Positive | None = None
    """Where the highest band ends. Unset: half the rate."""
    mel_scale: Literal["htk", "slaney"] = "htk"
    """Which of the two usual mel scales."""
    cell: Literal["rnn", "rnn_relu", "lstm", "gru"] = "gru"
    """The equation of one step."""
    num_layers: Size = 1
    """Recurrent layers, one above the other: more for more data, and they are silent for longer."""
    channels: Size = 16
    """Filters of each convolution."""
    subsampling: Annotated[int, Field(ge=1, le=8)] = 4
    """Frames that become one step, 1, 2, 4 or 8: more is faster, but every letter needs a step."""
    hidden_size: Size = 128
    """Units in each layer, and in each direction."""
    dropout: Rate = 0.1
    """Dropout of the input, between the layers, and of the output: the one knob to turn first."""
    streaming: bool = False
    """Hear in one direction only, so that sound can be transcribed as it comes; otherwise the
    network also reads from the end, which is more accurate."""
    lookahead: Annotated[int, Field(ge=0)] = 0
    """For streaming: steps that are waited for before one is decided (a row convolution); the
    latency that this costs is said before the training."""
    normalise: Literal["global", "utterance"] = "global"
    """Shift and scale each band by the mean and deviation of the training data, or of the
    recording itself, which evens out microphones but needs all of it."""

    @field_validator("subsampling")
    @classmethod
    def _halves(cls, value: int) -> int:
        if value not in (1, 2, 4, 8):
            raise wrong("expected 1, 2, 4 or 8: each convolution halves the time")
        return value

    @field_validator("lookahead")
    @classmethod
    def _lookahead_is_used(cls, value: int, info: ValidationInfo) -> int:
        if value and not info.data.get("streaming"):
            raise wrong("has no effect unless streaming: otherwise all of the sound is heard")
        return value

    @field_validator("normalise")
    @classmethod
    def _streaming_knows_no_end(cls, value: str, info: ValidationInfo) -> str:
        if value == "utterance" and info.data.get("streaming"):
            raise wrong("'utterance' needs the whole recording, which streaming has not: 'global'")
        return value

    @field_validator("hop_ms")
    @classmethod
    def _hop_fits(cls, value: float, info: ValidationInfo) -> float:
        if value > info.data.get("window_ms", value):
            raise wrong("is longer than window_ms: sound between the windows would not be heard")
        return value
