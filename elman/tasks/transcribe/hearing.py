"""Sounds into log-probabilities of letters: batches of short ones, long ones in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.audio.waves import Waves
from elman.data.buckets import scoring_batches
from elman.models.generate import evaluating
from elman.models.transcriber import Transcriber
from elman.tasks.transcribe.data import padded_waves

__all__ = ["hear", "hear_all"]

Wave = NDArray[np.float32]
LogProbs = NDArray[np.floating[Any]]
LONG_S = 60.0
"""Beyond this a recording is heard in pieces."""
PIECE_S, MARGIN_S = 30.0, 5.0
"""Of a network that hears in both directions: a piece, and what it hears around it as well."""
BATCH, BATCH_S = 32, 400.0
"""Recordings, and seconds of sound, that are heard at once."""


def hear_all(model: Transcriber, waves: Waves) -> Iterator[tuple[int, LogProbs]]:
    """Yield the number and the log-probabilities of each recording, the longest first."""
    for rows in scoring_batches(waves.samples, BATCH, round(BATCH_S * waves.rate)):
        found = hear(model, [waves[row] for row in rows.tolist()])
        yield from zip(rows.tolist(), found, strict=True)


@torch.inference_mode()
def hear(model: Transcriber, waves: Sequence[Wave]) -> list[LogProbs]:
    """Return the log-probabilities ``(T, V)`` of each sound.

    Args:
        model: The network.
        waves: At its rate, each with at least one sample.
    """
    with evaluating(model):
        if any(len(wave) > LONG_S * model.rate for wave in waves):
            way = streamed if model.config.streaming else in_pieces
            return [way(model, wave) for wave in waves]
        padded, lengths = padded_waves(waves)
        heard = model(padded.to(model.device), lengths.to(model.device))
        log_probs = heard.log_probs.cpu().numpy()
        return [row[:n] for row, n in zip(log_probs, heard.lengths.tolist(), strict=True)]


def streamed(model: Transcriber, wave: Wave) -> LogProbs:
    """Hear a long sound chunk by chunk, which for this network is the same as at once."""
    state, parts = model.initial_state(1), []
    size = round(PIECE_S * model.rate)
    for start in range(0, len(wave), size):
        chunk = torch.from_numpy(wave[None, start : start + size]).to(model.device)
        found, state = model.stream(chunk, state)
        parts.append(found)
    parts.append(model.finish(state)[0])
    return torch.cat(parts, 1)[0].cpu().numpy()


def in_pieces(model: Transcriber, wave: Wave) -> LogProbs:
    """Hear a long sound piece by piece, each with some seconds around it that are cut off again."""
    step = model.step_samples
    piece, margin = (round(s * model.rate / step) for s in (PIECE_S, MARGIN_S))
    total, parts = int(model.steps(torch.tensor([len(wave)]))), []
    for start in range(0, total, piece):
        first = max(0, start - margin)
        part = wave[first * step : (start + piece + margin) * step]
        heard = model(
            torch.from_numpy(part)[None].to(model.device),
            torch.tensor([len(part)], device=model.device),
        ).log_probs[0]
        parts.append(heard[start - first : min(total, start + piece) - first])
    return torch.cat(parts).cpu().numpy()
