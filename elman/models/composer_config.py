"""What a model of music is built from. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from elman.models.config import BodyConfig, LanguageModelConfig

__all__ = ["ComposerConfig", "RollModelConfig"]

Size = Annotated[int, Field(ge=1)]


class RollModelConfig(BodyConfig):
    """A model of the next frame of a piano roll: frames -> recurrent body -> a chance for each key.

    Example:
        >>> RollModelConfig(cell="gru").direct
        True
    """

    embedding_size: Size | None = None
    """Features that a frame is turned into before the memory hears it. Unset: it is heard as it
    is."""
    dropout_keys: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Chance that a sounding key is not heard, in training."""
    direct: bool = True
    """Let each frame also speak to the next one directly, past the memory."""


class ComposerConfig(BodyConfig):
    """A model of music: of events a language model, of a piano roll one of frames.

    Example:
        >>> ComposerConfig(embedding_size=64).language_model().embedding_size
        64
    """

    num_layers: Size = 1
    """Recurrent layers, one above the other."""
    embedding_size: Size | None = None
    """Features of an event's embedding, 128 if unset; of a piano roll, features that a frame is
    turned into, none if unset: it is heard as it is."""
    dropout_keys: Annotated[float | None, Field(ge=0.0, lt=1.0)] = None
    """Piano roll: chance that a sounding key is not heard, in training; 0 if unset."""
    direct: bool | None = None
    """Piano roll: let each frame also speak to the next one directly, past the memory; true if
    unset."""

    def language_model(self) -> LanguageModelConfig:
        """Return the configuration of a model of events."""
        body = {name: getattr(self, name) for name in BodyConfig.model_fields}
        return LanguageModelConfig(**body, embedding_size=self.embedding_size or 128)

    def roll_model(self) -> RollModelConfig:
        """Return the configuration of a model of a piano roll."""
        body = {name: getattr(self, name) for name in BodyConfig.model_fields}
        return RollModelConfig(
            **body,
            embedding_size=self.embedding_size,
            dropout_keys=self.dropout_keys or 0.0,
            direct=self.direct is not False,
        )
