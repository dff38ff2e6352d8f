r"""The tagger: a label for each word of a sentence.

.. math::
    x_t &= [\text{embedding}(w_t) ; \text{characters}(w_t)] \\
    e_t &= W\, \text{body}(x)_t + b \qquad
    y = \arg\max_y \text{crf}(e, y) \;\text{ or }\; y_t = \arg\max_k e_{tk}

``(B, T)`` outside, time-major inside. Knows ids only; words and files are in `elman.data`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ConfigError
from elman._shapes import check_shape
from elman.models.body import RecurrentBody
from elman.models.characters import make_characters
from elman.models.describe import describe, parameter_count
from elman.models.language_model import check_tokens
from elman.models.tagger_config import TaggerConfig
from elman.nn.crf import CRF

__all__ = ["Tagger", "TaggerInput", "TaggerLoss", "Tags"]

IGNORED = -100


class TaggerInput(NamedTuple):
    """Sentences as a tagger takes them.

    Attributes:
        words: Word ids, ``(B, T)``; 0 is ``<unk>``.
        which: The row of ``characters`` for each word, ``(B, T)``.
        characters: Character ids of the batch's distinct words, ``(U, C)``.
        character_lengths: ``(U,)``, each at least 1.
        lengths: Words of each sentence, ``(B,)``, each at least 1.
    """

    words: Tensor
    which: Tensor
    characters: Tensor
    character_lengths: Tensor
    lengths: Tensor


class TaggerLoss(NamedTuple):
    """What `Tagger.loss` returns.

    Attributes:
        nats: Mean nats of a word: with a CRF those of the whole sentences over their words.
        words: How many words that is a mean of.
    """

    nats: Tensor
    words: int


class Tags(NamedTuple):
    """What `Tagger.decode` returns.

    Attributes:
        tags: The best tags, ``(B, T)``; 0 in padding.
        confidence: The probability of each of them by itself, ``(B, T)``; 0 in padding.
    """

    tags: Tensor
    confidence: Tensor


class Tagger(nn.Module):
    """Word embedding and characters, a recurrent body, and a CRF or a softmax.

    Args:
        words: Words known, ``<unk>`` included.
        characters: Characters known, ``<unk>`` included.
        tags: Tags, K.
        config: Everything else.
        word_size: Features of a word where pretrained vectors bring their own size.
        moves: For a CRF: which tag may follow which ``(K, K)``, be first ``(K,)``, be last
            ``(K,)``.

    Raises:
        ConfigError: If a count is below 1.

    Source:
        Huang, Xu & Yu 2015, arXiv:1508.01991; Lample et al. 2016, arXiv:1603.01360; Ma & Hovy
        2016, arXiv:1603.01354.

    Example:
        >>> model = Tagger(50, 20, 3, TaggerConfig(hidden_size=8, word_size=4)).eval()
        >>> words = torch.tensor([[3, 4, 3], [7, 0, 0]])
        >>> spelled = torch.tensor([[1, 2], [3, 0], [4, 5]])
        >>> batch = TaggerInput(words, torch.tensor([[0, 1, 0], [2, 0, 0]]), spelled,
        ...                     torch.tensor([2, 1, 2]), torch.tensor([3, 1]))
        >>> model.decode(batch).tags.shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        words: int,
        characters: int,
        tags: int,
        config: TaggerConfig,
        *,
        word_size: int | None = None,
        moves: tuple[Tensor, Tensor, Tensor] | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("words", words), ("characters", characters), ("tags", tags)):
            if value < 1:
                raise ConfigError(f"{name}: expected at least 1, got {value}")
        self.vocab_size, self.config = words, config
        self.embedding = nn.Embedding(words, word_size or config.word_size)
        bound = (3.0 / self.embedding.embedding_dim) ** 0.5
        nn.init.uniform_(self.embedding.weight, -bound, bound)
        if config.freeze_vectors and word_size is not None:
            self.embedding.weight.requires_grad_(False)
        self.characters = make_characters(config, characters)
        spelled = 0 if self.characters is None else self.characters.output_size
        self.body = RecurrentBody(
            self.embedding.embedding_dim + spelled, config, bidirectional=config.bidirectional
        )
        self.head = nn.Linear(self.body.output_size, tags)
        self.crf: CRF | None = None
        if config.output != "softmax":
            allowed, start, end = moves if moves is not None else (None, None, None)
            self.crf = CRF(tags, allowed=allowed, allowed_start=start, allowed_end=end)

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.embedding.weight.device

    @torch.no_grad()
    def load_vectors(self, ids: Tensor, vectors: Tensor) -> None:
        """Set the embeddings of some words.

        Args:
            ids: Word ids, ``(N,)``.
            vectors: Their vectors, ``(N, E)``.
        """
        check_shape("vectors", vectors, N=len(ids), E=self.embedding.embedding_dim)
        self.embedding.weight[ids] = vectors.to(self.embedding.weight)

    def forward(self, batch: TaggerInput) -> Tensor:
        """Return the score of every tag at every word, ``(B, T, K)``."""
        return self.emissions(batch).transpose(0, 1)

    def emissions(self, batch: TaggerInput) -> Tensor:
        """Return the scores time-major, ``(T, B, K)``."""
        check_tokens("words", batch.words, self.vocab_size)
        check_shape("lengths", batch.lengths, B=len(batch.words))
        words = batch.words.T  # (T, B)
        if self.training and self.config.word_dropout:
            forgotten = torch.rand(words.shape, device=words.device) < self.config.word_dropout
            words = words.masked_fill(forgotten, 0)
        x = self.embedding(words)
        if self.characters is not None:
            spelled = self.characters(batch.characters, batch.character_lengths)  # (U, F)
            x = torch.cat([x, F.embedding(batch.which.T, spelled)], 2)
        scores: Tensor = self.head(self.body(x, lengths=batch.lengths).output)
        return scores

    def loss(self, batch: TaggerInput, tags: Tensor) -> TaggerLoss:
        """Return how improbable the tags ``(B, T)`` are; those in padding are not looked at."""
        return self.loss_of(self.emissions(batch), tags, batch.lengths)

    def loss_of(self, scores: Tensor, tags: Tensor, lengths: Tensor) -> TaggerLoss:
        """Return the same for scores ``(T, B, K)`` that are there already."""
        words = int(lengths.sum())
        if self.crf is not None:
            return TaggerLoss(-self.crf(scores, tags.T, lengths).sum() / words, words)
        targets = torch.where(within(lengths, len(scores)), tags.T, IGNORED)
        nats = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
        return TaggerLoss(nats, words)

    @torch.no_grad()
    def decode(self, batch: TaggerInput, *, confidence: bool = True) -> Tags:
        """Return the best tags, and how sure each is; zeros where that is not asked for."""
        scores = self.emissions(batch)
        return self.decoded(scores, batch.lengths, confidence=confidence)

    def decoded(self, scores: Tensor, lengths: Tensor, *, confidence: bool = True) -> Tags:
        """Return the best tags for scores ``(T, B, K)`` that are there already."""
        inside = within(lengths, len(scores))
        if self.crf is not None:
            tags = self.crf.decode(scores, lengths).tags
        else:
            tags = torch.where(inside, scores.argmax(2), 0)
        if not confidence:
            return Tags(tags.T, torch.zeros_like(tags, dtype=scores.dtype).T)
        chances = self.crf.marginals(scores, lengths) if self.crf else scores.softmax(2)
        sure = chances.gather(2, tags.unsqueeze(2)).squeeze(2)
        return Tags(tags.T, torch.where(inside, sure, 0.0).T)

    def parameter_count(self) -> int:
        """Return how many numbers are trained."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)


def within(lengths: Tensor, steps: int) -> Tensor:
    """Return ``(T, B)``, True at the words of each sentence."""
    return torch.arange(steps, device=lengths.device).unsqueeze(1) < lengths
