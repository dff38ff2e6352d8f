"""What a captioner is built from. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Literal

from elman.models.attention_decoder_config import AttentionDecoderConfig
from elman.models.config import Size

__all__ = ["CaptionerConfig"]


class CaptionerConfig(AttentionDecoderConfig):
    """Recurrent layers over frames, and a decoder that looks back at them and writes a sentence.

    Example:
        >>> CaptionerConfig(cell="gru").num_layers
        1
    """

    hidden_size: Size = 128
    """Units in each layer."""
    num_layers: Size = 1
    """Recurrent layers over the frames, one above the other."""
    embedding_size: Size = 64
    """Features of a token's embedding, and of what the softmax sees."""
    bidirectional: bool = True
    """Read the frames in both directions, with `hidden_size` units for each."""
    attention: Literal["multiplicative", "additive", "none"] = "multiplicative"
    """How the decoder looks at the frames. none: all that it knows is the body's last state."""
    tie_weights: bool = False
    """Use the embedding as the softmax's weights: for large vocabularies; small ones learn slower
    with it."""
