r"""The translator: one sequence of tokens read, another written, with attention in between.

.. math::
    m = \text{encoder}(E_x x) \qquad p(y \mid x) = \text{decoder}(y, m)

The decoder is that of `attention_decoder.py`.
"""

from __future__ import annotations

from torch import Tensor

from elman._errors import ConfigError
from elman._shapes import check_shape
from elman.models.attention_decoder import (
    AttentionDecoder,
    DecoderState,
    Memory,
    init_embedding,
)
from elman.models.body import RecurrentBody
from elman.models.embedding import TokenEmbedding
from elman.models.language_model import check_tokens
from elman.models.translator_config import TranslatorConfig

__all__ = ["Translator"]


class Translator(AttentionDecoder):
    """Encoder, attention and decoder, trained together.

    Both vocabularies get one token more, which ends a sequence: `source_end` and `end`. The
    decoder starts from `end` as well.

    Args:
        source_vocab: Tokens of the source without the end.
        target_vocab: Tokens of the target without the end.
        config: Everything else.

    Raises:
        ConfigError: If embeddings shall be shared between vocabularies of unequal size.

    Shape:
        - source: ``(B, S)`` int64, each row its tokens and `source_end`, then padding
        - lengths: ``(B,)`` int64, how many of them are real, the end included
        - targets: ``(B, T)`` int64, each row its tokens and `end`, then numbers below zero

    Example:
        >>> model = Translator(20, 10, TranslatorConfig(hidden_size=8, embedding_size=8))
        >>> source, lengths = torch.tensor([[1, 2, 20], [3, 20, 0]]), torch.tensor([3, 2])
        >>> targets = torch.tensor([[4, 5, 10], [6, 10, -1]])
        >>> model(source, lengths, targets).shape, model.loss(source, lengths, targets).nats.shape
        (torch.Size([2, 3, 11]), torch.Size([]))
    """

    def __init__(self, source_vocab: int, target_vocab: int, config: TranslatorConfig) -> None:
        if config.share_embeddings and source_vocab != target_vocab:
            raise ConfigError(
                f"share_embeddings: needs one vocabulary for both sides, got {source_vocab} "
                f"source tokens and {target_vocab} target tokens"
            )
        directions = 2 if config.bidirectional else 1
        super().__init__(directions * config.hidden_size, target_vocab, config)
        self.source_end = source_vocab
        size = config.embedding_size
        if config.share_embeddings:
            self.source_embedding = self.target_embedding
        else:
            self.source_embedding = TokenEmbedding(
                source_vocab + 1, size, dropout=config.dropout_embedding
            )
            init_embedding(self.source_embedding)
        self.encoder = RecurrentBody(size, config, bidirectional=config.bidirectional)

    def encode(self, source: Tensor, lengths: Tensor) -> tuple[DecoderState, Memory]:
        """Read sources; return the decoder's first state and what it can look at."""
        check_tokens("source", source, self.source_end + 1)
        check_shape("lengths", lengths, B=source.shape[0])
        read = self.encoder(self.source_embedding(source.T), lengths=lengths)
        return self.begin(read, lengths)
