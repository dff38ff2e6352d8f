"""How good transcripts are: wrong words and letters, by kind, and the nats of the true text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from elman.data.audio.alphabet import Alphabet
from elman.data.audio.read import extra
from elman.data.audio.waves import Waves
from elman.models.transcriber import Transcriber, steps_needed
from elman.tasks.transcribe.config import Searching
from elman.tasks.transcribe.hearing import hear_all
from elman.tasks.transcribe.transcripts import Search
from elman.tasks.translate.scores import edit_distance

__all__ = ["ErrorCounts", "HeldOut", "compare", "held_out_scores", "nats_of"]

LogProbs = NDArray[np.floating[Any]]


class HeldOut(NamedTuple):
    """How a network does on the held-out part, greedily.

    Attributes:
        nats: Mean nats per letter, of the texts that fit into their sound.
        letters_wrong: Wrong letters over true ones (CER).
        words_wrong: Wrong words over true ones (WER).
    """

    nats: float
    letters_wrong: float
    words_wrong: float


def held_out_scores(model: Transcriber, waves: Waves, alphabet: Alphabet) -> HeldOut:
    """Transcribe recordings and compare, without any extra package."""
    search = Search(alphabet, model.step_s, Searching())
    nats, letters, wrong = 0.0, 0, np.zeros(2)
    sizes = np.zeros(2)
    for row, log_probs in hear_all(model, waves):
        truth, found = waves.utterances[row].text, search.text(log_probs)
        wrong += edit_distance(truth, found), edit_distance(truth.split(), found.split())
        sizes += len(truth), len(truth.split())
        own = nats_of(log_probs, alphabet.encode(truth))
        if own is not None:
            nats, letters = nats + own, letters + len(truth)
    rates = wrong / np.maximum(1, sizes)
    return HeldOut(nats / max(1, letters), float(rates[0]), float(rates[1]))


def nats_of(log_probs: LogProbs, ids: Sequence[int]) -> float | None:
    """Return the nats of a text given its sound ``(T, V)``; None if it does not fit."""
    targets, size = torch.tensor([list(ids)]), torch.tensor([len(ids)])
    if int(steps_needed(targets, size)) > len(log_probs):
        return None
    scores = torch.from_numpy(np.ascontiguousarray(log_probs))[:, None]
    length = torch.tensor([len(log_probs)])
    return float(F.ctc_loss(scores, targets, length, size, reduction="sum"))


@dataclass(frozen=True)
class ErrorCounts:
    """How found texts differ from the true ones.

    Args:
        total: Units (words or letters) of the true texts.
        substitutions: Replaced units.
        insertions: Units that were not said.
        deletions: Units that were missed.
        confusions: How often a unit was taken for another.
    """

    total: int
    substitutions: int
    insertions: int
    deletions: int
    confusions: Counter[tuple[str, str]]

    @property
    def rate(self) -> float:
        """All errors over the units of the true texts; above 1 if much was invented."""
        return (self.substitutions + self.insertions + self.deletions) / max(1, self.total)


def compare(truths: Sequence[str], texts: Sequence[str], *, words: bool) -> ErrorCounts:
    """Compare found texts with the true ones, by words or by letters (jiwer).

    Raises:
        DataError: If jiwer is not installed.

    Example:
        >>> counts = compare(["ab cd"], ["ab ce"], words=True)
        >>> counts.rate, counts.substitutions, counts.insertions, dict(counts.confusions)
        (0.5, 1, 0, {('cd', 'ce'): 1})
    """
    jiwer = extra("jiwer")
    process = jiwer.process_words if words else jiwer.process_characters
    found = process(list(truths), list(texts))
    confusions: Counter[tuple[str, str]] = Counter()
    total = 0
    for truth, text, chunks in zip(
        found.references, found.hypotheses, found.alignments, strict=True
    ):
        total += len(truth)
        for chunk in chunks:
            if chunk.type == "substitute":
                pairs = zip(
                    truth[chunk.ref_start_idx : chunk.ref_end_idx],
                    text[chunk.hyp_start_idx : chunk.hyp_end_idx],
                    strict=True,
                )
                confusions.update(pairs)
    return ErrorCounts(total, found.substitutions, found.insertions, found.deletions, confusions)
