"""How well a model expects pieces: nats of every step, each piece from its own beginning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from elman.data.buckets import scoring_batches
from elman.models.generate import evaluating
from elman.tasks.compose.form import Form
from elman.tasks.compose.stream import Steps
from elman.tasks.training import Progress

__all__ = ["PieceScores", "score_pieces"]

SIDE_BY_SIDE = 32
CHUNK = 512
MOST_STEPS = SIDE_BY_SIDE * 4096
"""Steps in one batch, padding included."""


@dataclass(frozen=True)
class PieceScores:
    """What each of P pieces costs.

    Args:
        nats: Of all its counted steps together, ``(P,)``.
        steps: How many these are, ``(P,)``.
        beats: How long it is, in quarters, ``(P,)``.
    """

    nats: NDArray[np.float64]
    steps: NDArray[np.int64]
    beats: NDArray[np.float64]

    @property
    def per_step(self) -> float:
        """Mean nats over the steps of all pieces."""
        return float(self.nats.sum() / max(1, self.steps.sum()))

    @property
    def per_piece(self) -> float:
        """Mean over pieces of each one's mean nats of a step."""
        return float(np.mean(self.nats / np.maximum(1, self.steps)))

    @property
    def bits_per_beat(self) -> float:
        """Bits of a quarter: comparable between kinds of events."""
        return float(self.nats.sum() / math.log(2) / self.beats.sum())


@torch.inference_mode()
def score_pieces(
    form: Form,
    model: nn.Module,
    pieces: Sequence[Steps],
    beats: Sequence[float],
    *,
    chunk: int = CHUNK,
    progress: Progress | None = None,
) -> PieceScores:
    """Score pieces, side by side; each is predicted from all of it that precedes.

    Args:
        form: What their steps are.
        model: Scored in evaluation mode and put back.
        pieces: As steps.
        beats: How long each is.
        chunk: Steps in one pass.
        progress: Told how far the work is.
    """
    device = next(model.parameters()).device
    nats, done = np.zeros(len(pieces)), 0
    counted = [form.counted(piece) for piece in pieces]
    with evaluating(model):
        for rows in scoring_batches([len(p) for p in pieces], SIDE_BY_SIDE, MOST_STEPS):
            longest = max(len(pieces[row]) for row in rows)
            steps = np.zeros(
                (len(rows), longest, *pieces[rows[0]].shape[1:]), pieces[rows[0]].dtype
            )
            mask = np.zeros((len(rows), longest), np.bool_)
            for place, row in enumerate(rows):
                steps[place, : len(pieces[row])] = pieces[row]
                mask[place, : len(pieces[row])] = counted[row]
            state: Any = None
            for start in range(0, longest - 1, chunk):
                stop = min(start + chunk, longest - 1)
                heard = torch.from_numpy(steps[:, start:stop]).to(device)
                wanted = torch.from_numpy(steps[:, start + 1 : stop + 1]).to(device)
                cost, state = form.nats(model, heard, wanted, state)
                kept = cost.double().cpu().numpy() * mask[:, start + 1 : stop + 1]
                nats[rows] += kept.sum(axis=1)
            done += len(rows)
            if progress is not None:
                progress(done, len(pieces), "scoring")
    sizes = np.array([int(kept[1:].sum()) for kept in counted], np.int64)
    return PieceScores(nats, sizes, np.array(beats, np.float64))
