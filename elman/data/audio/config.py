"""How recordings and their transcripts are read, split and varied."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from elman.data.config import SplitConfig

__all__ = ["AudioConfig"]

Factor = Annotated[float, Field(ge=0.5, le=2.0)]


class AudioConfig(SplitConfig):
    """How recordings and their transcripts are read, split and varied.

    Example:
        >>> AudioConfig(pattern="{text}_{speaker}_{}.wav", group="speaker").group
        'speaker'
    """

    rate: int | None = Field(default=None, ge=1000, le=192_000)
    """Samples per second that all sound is brought to, Hz. Unset: the training data's own, but
    at most 16,000."""
    audio_column: str | None = None
    """Column of a table that names the recordings, by name or number. Unset: a usual name such
    as audio, path, file or wav, or the first of two."""
    text_column: str | None = None
    """Column of a table with the transcripts. Unset: a usual name such as text, transcript or
    sentence, or the second of two."""
    pattern: str | None = None
    """For a folder whose file names say what is said: `{text}` stands for it, `{}` or `{name}`
    for anything else; `{text}/{speaker}_{}.wav` for a folder for each word."""
    group: str | None = None
    """A column, or a `{name}` of the pattern, such as the speaker: all recordings that share it
    are in the same part, so that the test is of voices never heard."""
    lowercase: bool = True
    """Make all transcripts lower case."""
    letters: str | None = Field(default=None, min_length=1)
    """All letters that may be written, such as "abcdefghijklmnopqrstuvwxyz' "; a transcript with
    another one is refused. Unset: those of the training part."""
    max_s: float = Field(default=30.0, gt=0)
    """Recordings that are longer, in seconds, are left out of training, and counted."""
    speed: tuple[Factor, ...] = (0.9, 1.0, 1.1)
    """In training each recording is played at one of these speeds, drawn anew in each epoch."""
    cache_mb: int = Field(default=1024, ge=0)
    """Decoded sound that is kept in memory, in MB; what is beyond is read from its file anew."""

    @field_validator("speed")
    @classmethod
    def _some_speed(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value:
            raise ValueError("expected at least one speed; 1.0 alone leaves the sound as it is")
        return value

    @field_validator("pattern")
    @classmethod
    def _pattern_has_a_text(cls, value: str | None) -> str | None:
        if value is not None:
            names = re.findall(r"\{([^{}]*)\}", value)
            if names.count("text") != 1:
                raise ValueError("expected {text} once, as in '{text}_{speaker}_{}.wav'")
            named = [name for name in names if name]
            if len(set(named)) < len(named) or not all(name.isidentifier() for name in named):
                raise ValueError("expected plain names between braces, each once")
        return value
