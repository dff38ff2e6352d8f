"""What a tagger is built from. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationInfo, field_validator

from elman.models.config import BodyConfig, Rate, Size, wrong

__all__ = ["TaggerConfig"]


class TaggerConfig(BodyConfig):
    """A model of tags: words and their characters -> recurrent body -> CRF or softmax.

    Example:
        >>> TaggerConfig(characters="none").character_units
        50
    """

    hidden_size: Size = 128
    """Units in each layer and direction."""
    num_layers: Size = 1
    """Recurrent layers, one above the other."""
    dropout: Rate = 0.4
    """Dropout of the input, between the layers, and of the output: the one knob to turn first."""
    bidirectional: bool = True
    """Also read from the end. Without it a tag is known as soon as its word is."""
    word_size: Size = 100
    """Features of a word's embedding; pretrained vectors bring their own size."""
    word_dropout: Rate = 0.1
    """Chance that a word is taken for <unk>, in training: how unknown words are learned."""
    freeze_vectors: bool = False
    """Leave pretrained vectors as they are."""
    characters: Literal["lstm", "cnn", "none"] = "lstm"
    """How a word's characters are read: by an LSTM from both ends, by convolution, or not."""
    character_size: Size = 32
    """Features of a character's embedding."""
    character_units: Size = 50
    """Features made of a word's characters: units in each direction, or filters."""
    character_width: Size = 3
    """Characters that a filter of `characters = "cnn"` sees at once."""
    output: Literal["crf", "softmax"] | None = None
    """What chooses the tags: a CRF, which scores a sentence's tags together, or each by itself.
    Unset: crf for the words of a sentence, softmax for what is not text."""
    constrain: bool = True
    """For spans and a CRF: forbid moves that the scheme does not have, such as O to I-PER."""

    @field_validator("character_size", "character_units")
    @classmethod
    def _characters_are_read(cls, value: int, info: ValidationInfo) -> int:
        usual = cls.model_fields[str(info.field_name)].default
        if value != usual and info.data.get("characters") == "none":
            raise wrong("has no effect if characters = 'none'")
        return value

    @field_validator("character_width")
    @classmethod
    def _width_is_used(cls, value: int, info: ValidationInfo) -> int:
        if value != 3 and info.data.get("characters") != "cnn":
            raise wrong("has no effect unless characters = 'cnn'")
        return value

    @field_validator("constrain")
    @classmethod
    def _moves_are_scored(cls, value: bool, info: ValidationInfo) -> bool:
        if not value and info.data.get("output") == "softmax":
            raise wrong("has no effect if output = 'softmax', which has no moves to forbid")
        return value
