r"""What a network sees of DNA: the share that each base has of a letter, or vectors of words.

.. math::
    x_t = \big(p(A), p(C), p(G), p(T)\big)_t \qquad\text{or}\qquad
    x_t = \sum_{w} p(w \text{ ends at } t)\, E_w

Letters come as the codes of `elman.data.dna.alphabet`, sets of bases as bits: N is a quarter of
each base, R half A and half G. A word with such letters is the mean of the words it may be.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._shapes import check_shape
from elman.models.frontend import Frontend
from elman.nn.reverse_complement import reverse_complement

__all__ = ["DnaFrontend", "LetterConvolution", "code_lengths", "turned_codes"]

ANY = 15
BITS = ((torch.arange(16).unsqueeze(1) >> torch.arange(4)) & 1).float()
SHARES = BITS / BITS.sum(1, keepdim=True).clamp(min=1)  # (16, 4)
COMPLEMENT = (BITS.flip(1) @ torch.tensor([1.0, 2.0, 4.0, 8.0])).long()  # the bits in reverse
AT_ONCE = 1 << 22
"""Numbers that are held to make vectors of ambiguous words."""


class LetterConvolution(nn.Module):
    """A convolution over letters that looks back alone, and a rectifier.

    Args:
        input_size: Features of a letter, I.
        filters: Features that come out, F.
        width: Letters that a filter sees, K.
        stride: Letters from one place to the next, at most K.

    Shape:
        - x: ``(T, B, I)``; lengths: ``(B,)``
        - returns: ``(T', B, F)`` and lengths ``(B,)``, both divided by the stride and rounded up

    Example:
        >>> y, lengths = LetterConvolution(4, 8, 5, stride=3)(torch.randn(7, 2, 4),
        ...                                                   torch.tensor([7, 3]))
        >>> y.shape, lengths
        (torch.Size([3, 2, 8]), tensor([3, 1]))
    """

    def __init__(self, input_size: int, filters: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.output_size, self.stride, self.width = filters, stride, width
        self.filters = nn.Conv1d(input_size, filters, width, stride)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Convolve; the last place of a row sees its last letter, and zeros behind it."""
        steps = len(x)
        if lengths is not None:
            inside = torch.arange(steps, device=x.device).unsqueeze(1) < lengths
            x = x.masked_fill(~inside.unsqueeze(2), 0.0)
        padding = (self.width - self.stride, -steps % self.stride)
        found = F.relu(self.filters(F.pad(x.permute(1, 2, 0), padding)))
        places = None if lengths is None else -(-lengths // self.stride)
        return found.permute(2, 0, 1), places


class DnaFrontend(Frontend):
    """Turn codes of letters into features, of one strand or of both.

    Args:
        kmer: Letters of a word, 1 to 6; 1: the four shares of each letter, nothing is learned.
        size: Features of a word's vector, for ``kmer`` above 1.
        convolution: What the features go through; it must keep the number of steps.
        dropout_letters: Chance that a letter is read as N, in training, each by itself.
        both_strands: Give features that are equivariant: those of the reverse complement are the
            same ones in reverse order, of time and of channels. The shares of letters are so by
            themselves; of others there are twice as many, of the other strand behind those of
            the given one.

    Shape:
        - codes: ``(B, T)`` int64, 0 beyond a row's end
        - returns: ``(T, B, E)``

    Example:
        >>> DnaFrontend()(torch.tensor([[1, 5, 15]]))[:, 0]
        tensor([[1.0000, 0.0000, 0.0000, 0.0000],
                [0.5000, 0.0000, 0.5000, 0.0000],
                [0.2500, 0.2500, 0.2500, 0.2500]])
    """

    def __init__(
        self,
        kmer: int = 1,
        size: int = 32,
        *,
        convolution: LetterConvolution | None = None,
        dropout_letters: float = 0.0,
        both_strands: bool = False,
    ) -> None:
        super().__init__()
        self.kmer, self.dropout_letters = kmer, dropout_letters
        self.words: nn.Embedding | None = None
        if kmer > 1:
            self.words = nn.Embedding(4**kmer, size)
            nn.init.normal_(self.words.weight, std=0.5)
        self.convolution = convolution
        self.doubles = both_strands and (kmer > 1 or convolution is not None)
        self.one_size = size if kmer > 1 else 4
        if convolution is not None:
            self.one_size = convolution.output_size
        self.output_size = (2 if self.doubles else 1) * self.one_size
        self.streams = not both_strands
        self.look_back = kmer - 1 + (convolution.width - 1 if convolution is not None else 0)
        self.register_buffer("shares", SHARES.clone(), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the features."""
        if self.training and self.dropout_letters:
            dropped = torch.rand(codes.shape, device=codes.device) < self.dropout_letters
            codes = codes.masked_fill(dropped & (codes != 0), ANY)
        if not self.doubles and self.convolution is None:
            return self.letters(codes)
        lengths = code_lengths(codes)
        given = self.of_one(codes, lengths)
        if not self.doubles:
            return given
        other = self.of_one(turned_codes(codes, lengths), lengths)
        return torch.cat([given, reverse_complement(other, lengths)], 2)

    def step(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the features of the next letters; the state is the last letters before them."""
        both = inputs if state is None else torch.cat([state, inputs], 1)
        features = self(both)[both.shape[1] - inputs.shape[1] :]
        return features, both[:, both.shape[1] - min(self.look_back, both.shape[1]) :]

    def of_one(self, codes: Tensor, lengths: Tensor) -> Tensor:
        """Return the features of one strand."""
        features = self.letters(codes)
        if self.convolution is not None:
            features, _ = self.convolution(features, lengths)
        return features

    def letters(self, codes: Tensor) -> Tensor:
        """Return ``(T, B, E)``: shares of bases, or vectors of the words that end at each step."""
        check_shape("codes", codes, B=None, T=None)
        codes = codes.T
        if self.words is None:
            return F.embedding(codes, cast(Tensor, self.shares))
        k = self.kmer
        padded = F.pad(codes, (0, 0, k - 1, 0), value=ANY)  # what is before the start may be any
        window = padded.unfold(0, k, 1)  # (T, B, k)
        shares = F.embedding(window, cast(Tensor, self.shares))
        places = 4 ** torch.arange(k - 1, -1, -1, device=codes.device)
        vectors: Tensor = self.words((shares.argmax(-1) * places).sum(-1))
        unsure = (shares.amax(-1) < 1).any(-1)
        if not bool(unsure.any()):
            return vectors
        kinds, which = torch.unique(window[unsure], dim=0, return_inverse=True)
        return vectors.masked_scatter(unsure.unsqueeze(-1), self.means(kinds)[which])

    def means(self, kinds: Tensor) -> Tensor:
        """Return the mean vector ``(U, E)`` of each ambiguous word, codes ``(U, k)``."""
        table = cast(nn.Embedding, self.words).weight
        shares = F.embedding(kinds, cast(Tensor, self.shares))  # (U, k, 4)
        found = []
        for part in torch.split(shares, max(1, AT_ONCE // table.numel())):
            mean = part[:, 0] @ table.reshape(4, -1)  # (u, 4**(k-1) E)
            for place in range(1, self.kmer):
                mean = (part[:, place].unsqueeze(1) @ mean.reshape(len(part), 4, -1)).squeeze(1)
            found.append(mean)
        return torch.cat(found)

    def extra_repr(self) -> str:
        """Show the options when the module is printed."""
        return f"kmer={self.kmer}, dropout_letters={self.dropout_letters}"


def code_lengths(codes: Tensor) -> Tensor:
    """Return how many letters each row ``(B, T)`` has: those before its padding of zeros."""
    return (codes != 0).sum(1)


def turned_codes(codes: Tensor, lengths: Tensor) -> Tensor:
    """Return the reverse complements of rows ``(B, T)``, each within its own length.

    Example:
        >>> turned_codes(torch.tensor([[1, 1, 2, 0]]), torch.tensor([3]))  # AAC
        tensor([[4, 8, 8, 0]])
    """
    steps = torch.arange(codes.shape[1], device=codes.device)
    index = torch.where(steps < lengths.unsqueeze(1), lengths.unsqueeze(1) - 1 - steps, steps)
    return COMPLEMENT.to(codes.device)[codes.gather(1, index)]
