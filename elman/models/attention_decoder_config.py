"""What an attention decoder is built from. No torch here: the command reads this for its help."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationInfo, field_validator

from elman.models.config import BodyConfig, Rate, Size, wrong

__all__ = ["AttentionDecoderConfig"]


class AttentionDecoderConfig(BodyConfig):
    """An encoder, and a decoder that looks back at it and writes a sequence of tokens.

    Example:
        >>> AttentionDecoderConfig(hidden_size=64).attention
        'multiplicative'
    """

    embedding_size: Size = 256
    """Features of a token's embedding, and of what the softmax sees."""
    bidirectional: bool = True
    """Read the input in both directions, with `hidden_size` units for each."""
    decoder_layers: Size | None = None
    """Layers of the decoder. Unset: `num_layers`, as in the encoder."""
    decoder_size: Size | None = None
    """Units in each layer of the decoder. Unset: `hidden_size`."""
    attention: Literal["multiplicative", "additive", "dot", "none"] = "multiplicative"
    """How the decoder looks at the input. none: all that it knows is the encoder's last state,
    the bottleneck that attention removes."""
    attention_size: Size = 256
    """Units of additive attention; the others have none of their own."""
    tie_weights: bool = True
    """Use the target's embedding as the softmax's weights."""
    dropout_embedding: Rate = 0.0
    """Chance that a word's embedding is zero throughout a batch, everywhere it occurs."""
    label_smoothing: Rate = 0.1
    """Part of each target's probability that is spread evenly over the vocabulary."""

    @field_validator("attention_size")
    @classmethod
    def _attention_size_is_read(cls, value: int, info: ValidationInfo) -> int:
        default = cls.model_fields["attention_size"].default
        if value != default and info.data.get("attention") not in (None, "additive"):
            raise wrong("only attention = 'additive' has units of its own")
        return value

    @field_validator("attention")
    @classmethod
    def _dot_fits(cls, value: str, info: ValidationInfo) -> str:
        data = info.data
        if value == "dot" and "hidden_size" in data:
            memory = data["hidden_size"] * (2 if data.get("bidirectional") else 1)
            query = data.get("decoder_size") or data["hidden_size"]
            if memory != query:
                raise wrong(
                    f"compares features one by one, but the encoder gives {memory} and the "
                    f"decoder {query}: set decoder_size = {memory}, or use 'multiplicative'"
                )
        return value
