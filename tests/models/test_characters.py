"""A word's features depend on its characters alone, not on padding or neighbours."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from elman.models.characters import CharacterCNN, CharacterLSTM, make_characters
from elman.models.tagger_config import TaggerConfig

WORDS = torch.tensor([[3, 1, 4, 1], [5, 0, 0, 0], [2, 6, 0, 0]])
LENGTHS = torch.tensor([4, 1, 2])


def encoder(kind: str) -> nn.Module:
    torch.manual_seed(0)
    made = make_characters(TaggerConfig(characters=kind, character_units=5), 9)  # type: ignore[arg-type]
    assert made is not None
    return made


@pytest.mark.parametrize("kind", ["lstm", "cnn"])
def test_a_word_alone_and_with_any_padding(kind: str) -> None:
    encode = encoder(kind)
    together: Tensor = encode(WORDS, LENGTHS)
    garbage = torch.full((3, 9), 7)
    for row, length in enumerate(LENGTHS.tolist()):
        garbage[row, :length] = WORDS[row, :length]
        alone = encode(WORDS[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(together[row], alone[0])
    torch.testing.assert_close(encode(garbage, LENGTHS), together)
    assert together.shape == (3, encode.output_size)
    assert not torch.allclose(together[0], together[2])


def test_the_lstm_gives_both_last_states() -> None:
    encode = encoder("lstm")
    assert isinstance(encode, CharacterLSTM)
    theirs = nn.LSTM(32, 5, bidirectional=True)
    theirs.load_state_dict(encode.layer.state_dict())
    _, (h, _) = theirs(encode.embedding(WORDS[:1].T))
    torch.testing.assert_close(encode(WORDS, LENGTHS)[0], h.flatten())


@pytest.mark.parametrize("width", [1, 2, 5])
def test_the_filters_see_every_place_that_touches_the_word(width: int) -> None:
    torch.manual_seed(0)
    encode = CharacterCNN(9, 4, 6, width)
    found = encode(WORDS, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        zeros = torch.zeros(width - 1, 4)
        padded = torch.cat([zeros, encode.embedding(WORDS[row, :length]), zeros])
        windows = padded.unfold(0, width, 1)  # (places, E, width)
        expected = torch.einsum("pew,few->pf", windows, encode.filters.weight)
        torch.testing.assert_close(found[row], (expected + encode.filters.bias).amax(0))


def test_none() -> None:
    assert make_characters(TaggerConfig(characters="none"), 9) is None
