"""What a translator is built from. No torch here: the command reads this to print its help."""

from __future__ import annotations

from elman.models.attention_decoder_config import AttentionDecoderConfig

__all__ = ["TranslatorConfig"]


class TranslatorConfig(AttentionDecoderConfig):
    """Encoder and decoder with attention: reads one sequence, writes another.

    Example:
        >>> TranslatorConfig(hidden_size=64).attention
        'multiplicative'
    """

    share_embeddings: bool = False
    """Use one embedding for both sides; needs one vocabulary for both."""
