"""Tagging sequences of DNA of any length, in memory that does not grow.

Short sequences are read whole, several side by side. Of long ones

- a network of one direction with a softmax reads piece by piece and carries its state: what it
  says is exactly what it would say of the whole;
- any other reads overlapping windows, many side by side. A base is told from at least
  ``context`` bases on either side, and from nothing that is further away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.dna.alphabet import Codes
from elman.data.dna.fasta import Piece
from elman.data.dna.windows import Cut, cut_pieces
from elman.data.padding import pad
from elman.models.step_tagger import StepTagger, TaggerState

__all__ = ["Found", "is_exact", "tag_pieces"]

Floats = NDArray[np.float32]
STREAMED = 1 << 15
"""Bases that a network of one direction reads at once."""
MOST_STEPS = 1 << 16
"""Bases in a batch of windows, padding included."""
TOGETHER = 64
"""Windows read side by side, at most."""


class Found(NamedTuple):
    """What was found for some bases of a sequence, in their order.

    Attributes:
        name: The sequence.
        start: The first of them.
        tags: The best tag of each, ``(n,)``.
        chances: The probability of every tag at each, ``(n, K)``.
    """

    name: str
    start: int
    tags: NDArray[np.int64]
    chances: Floats

    @property
    def confidence(self) -> Floats:
        """The probability of each base's own tag, ``(n,)``."""
        found: Floats = self.chances[np.arange(len(self.tags)), self.tags]
        return found


def is_exact(model: StepTagger) -> bool:
    """Say whether long sequences are told as if they were read whole."""
    return not model.config.bidirectional and model.crf is None and model.frontend.streams


def tag_pieces(
    model: StepTagger, pieces: Iterable[Piece], window: int, context: int
) -> Iterator[Found]:
    """Yield what is found for sequences that come in pieces.

    Args:
        model: As in evaluation.
        pieces: Of one sequence after the other.
        window: Bases that are told of one window; a sequence of so many is read whole.
        context: Bases on either side of a window that are read, not told.
    """
    if is_exact(model):
        yield from streamed(model, pieces)
        return
    group: list[Cut] = []
    longest = 0
    for cut in cut_pieces(pieces, window, context):
        longest = max(longest, len(cut.codes))
        if group and (len(group) == TOGETHER or longest * (len(group) + 1) > MOST_STEPS):
            yield from windowed(model, group)
            group, longest = [], len(cut.codes)
        group.append(cut)
    if group:
        yield from windowed(model, group)


@torch.inference_mode()
def windowed(model: StepTagger, cuts: Sequence[Cut]) -> list[Found]:
    """Return what is found for some windows, side by side."""
    codes, lengths = batch_of([cut.codes for cut in cuts], model)
    if len({len(cut.codes) for cut in cuts}) == 1:
        lengths = None  # nothing is padding, which takes the kernels half the time
    scores = model.emissions(codes, lengths)
    chances = model.chances(scores, lengths).transpose(0, 1).float().cpu().numpy()
    if model.crf is None:
        tags = chances.argmax(2)
    else:
        tags = model.decoded(scores, lengths, confidence=False).tags.cpu().numpy()
    found = []
    for row, cut in enumerate(cuts):
        own = slice(cut.before, cut.before + cut.size)
        found.append(Found(cut.name, cut.start, tags[row, own], chances[row, own]))
    return found


def streamed(model: StepTagger, pieces: Iterable[Piece]) -> Iterator[Found]:
    """Yield what is found base after base; whole short sequences side by side."""
    state = model.stream()
    short: list[Piece] = []
    for piece in pieces:
        whole = piece.start == 0 and piece.last and len(piece.codes) <= MOST_STEPS // TOGETHER
        if short and (not whole or len(short) == TOGETHER):
            yield from together(model, short)
            short = []
        if whole:
            short.append(piece)
            continue
        if piece.start == 0:
            state = model.stream()
        for first in range(0, len(piece.codes), STREAMED):
            part = piece.codes[first : first + STREAMED]
            chances, state = stepped(model, part, state)
            yield Found(piece.name, piece.start + first, chances.argmax(1), chances)
    yield from together(model, short)


@torch.inference_mode()
def stepped(model: StepTagger, part: Codes, state: TaggerState) -> tuple[Floats, TaggerState]:
    """Return the probabilities ``(n, K)`` of the next bases, and the state after them."""
    codes, _ = batch_of([part], model)
    scores, state = model.step(codes, state)
    return scores[0].softmax(1).float().cpu().numpy(), state


def together(model: StepTagger, pieces: Sequence[Piece]) -> list[Found]:
    """Return what is found for short sequences."""
    cuts = [Cut(piece.name, 0, 0, len(piece.codes), piece.codes) for piece in pieces]
    return windowed(model, cuts) if cuts else []


def batch_of(items: Sequence[Codes], model: StepTagger) -> tuple[Any, Any]:
    """Return codes ``(B, T)`` and lengths, where the model is."""
    codes, lengths = pad(items)
    return codes.to(model.device), lengths.to(model.device)
