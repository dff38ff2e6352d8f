"""Words from their characters: prefixes and endings tell of a word that was never seen.

Each distinct word of a batch is one row here; where it stands in the sentences is not known.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from elman.models.tagger_config import TaggerConfig
from elman.nn import LSTM

__all__ = ["CharacterCNN", "CharacterEncoder", "CharacterLSTM", "make_characters"]


class CharacterEncoder(nn.Module):
    """Base of both: an embedding of characters, and how many features a word gets.

    Args:
        characters: Characters known, ``<unk>`` included.
        size: Features of a character, E.
        output_size: Features of a word, F.
    """

    def __init__(self, characters: int, size: int, output_size: int) -> None:
        super().__init__()
        self.output_size = output_size
        self.embedding = nn.Embedding(characters, size)
        bound = (3.0 / size) ** 0.5  # unit variance of a row's norm, as Glorot's for one input
        nn.init.uniform_(self.embedding.weight, -bound, bound)


class CharacterLSTM(CharacterEncoder):
    """Read a word from both ends; its features are both last states.

    Args:
        characters: Characters known, ``<unk>`` included.
        size: Features of a character, E.
        units: Units in each direction; a word gets twice as many features.

    Shape:
        - words: ``(U, C)`` int64; lengths: ``(U,)``, each at least 1
        - returns: ``(U, 2 * units)``

    Source:
        Ling et al. 2015, arXiv:1508.02096; Lample et al. 2016, arXiv:1603.01360.

    Example:
        >>> words, lengths = torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([3, 1])
        >>> CharacterLSTM(20, 8, 5)(words, lengths).shape
        torch.Size([2, 10])
    """

    def __init__(self, characters: int, size: int, units: int) -> None:
        super().__init__(characters, size, 2 * units)
        self.layer = LSTM(size, units, bidirectional=True)

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the features of each word."""
        _, (h, _) = self.layer(self.embedding(words.T), lengths=lengths)
        return torch.cat([h[0], h[1]], 1)


class CharacterCNN(CharacterEncoder):
    """Look for pieces of a few characters; a feature is how strongly its piece occurs.

    Args:
        characters: Characters known, ``<unk>`` included.
        size: Features of a character, E.
        filters: Pieces that are looked for, the features of a word.
        width: Characters in a piece; word ends are filled up with zeros.

    Shape:
        - words: ``(U, C)`` int64; lengths: ``(U,)``, each at least 1
        - returns: ``(U, filters)``

    Source:
        dos Santos & Zadrozny 2014; Ma & Hovy 2016, arXiv:1603.01354.

    Example:
        >>> words, lengths = torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([3, 1])
        >>> CharacterCNN(20, 8, 5)(words, lengths).shape
        torch.Size([2, 5])
    """

    def __init__(self, characters: int, size: int, filters: int, width: int = 3) -> None:
        super().__init__(characters, size, filters)
        self.filters = nn.Conv1d(size, filters, width)
        self.width = width

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the features of each word."""
        inside = torch.arange(words.shape[1], device=words.device) < lengths.unsqueeze(1)  # (U, C)
        embedded = self.embedding(words) * inside.unsqueeze(2)
        margin = self.width - 1
        padded = nn.functional.pad(embedded.transpose(1, 2), (margin, margin))
        found = self.filters(padded)  # (U, F, C + width - 1): every place that touches a character
        touching = torch.arange(found.shape[2], device=words.device) < (lengths + margin).unsqueeze(
            1
        )
        return cast(Tensor, found.masked_fill(~touching.unsqueeze(1), -torch.inf).amax(2))


def make_characters(config: TaggerConfig, characters: int) -> CharacterLSTM | CharacterCNN | None:
    """Return what the configuration names, ``None`` for ``characters = "none"``."""
    size, units = config.character_size, config.character_units
    if config.characters == "lstm":
        return CharacterLSTM(characters, size, units)
    if config.characters == "cnn":
        return CharacterCNN(characters, size, units, config.character_width)
    return None
