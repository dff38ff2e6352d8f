"""What a classifier of sequences is built from. No torch here: the command reads this for help."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationInfo, field_validator

from elman.models.config import BodyConfig, Rate, Size, wrong

__all__ = ["ClassifierConfig", "TokenClassifierConfig"]


class ClassifierConfig(BodyConfig):
    """What follows the frontend: recurrent body -> pooling -> logits.

    Example:
        >>> ClassifierConfig(pooling="mean", bidirectional=False).num_layers
        1
    """

    hidden_size: Size = 128
    """Units in each layer and direction."""
    num_layers: Size = 1
    """Recurrent layers, one above the other."""
    bidirectional: bool = True
    """Also read from right to left, with as many units again."""
    dropout: Rate = 0.5
    """Dropout of the input, between the layers, and of the output: the one knob to turn first."""
    pooling: Literal["last", "mean", "max", "attention", "centre"] = "max"
    """How the outputs of all steps become one vector; `centre`, for windows cut around a place:
    what both directions have read when they meet there."""
    dropout_pooled: Rate = 0.0
    """Dropout of the pooled vector, before the logits."""

    @field_validator("pooling")
    @classmethod
    def _both_sides_are_read(cls, value: str, info: ValidationInfo) -> str:
        if value == "centre" and not info.data.get("bidirectional", True):
            raise wrong("one direction has read only half of the sequence there; choose another")
        return value


class TokenClassifierConfig(ClassifierConfig):
    """A classifier of texts: an embedding before the rest.

    Example:
        >>> TokenClassifierConfig(dropout_word=0.2).embedding_size
        128
    """

    embedding_size: Size = 128
    """Features of a token's embedding."""
    dropout_word: Rate = 0.1
    """Chance that a token is read as unknown, each by itself: so the network learns to do
    without any one word, and what an unknown one means."""
    dropout_embedding: Rate = 0.0
    """Chance that a word's embedding is zero throughout a batch, everywhere it occurs."""
    sparse_embedding: bool = False
    """Update only the embeddings of the tokens in the batch: for large vocabularies."""
