"""What counting alone reaches on the same pieces, learned from the training part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.models.ngram import NGram
from elman.tasks.compose.form import EventForm, Form
from elman.tasks.compose.stream import Steps
from elman.tasks.training import Progress

__all__ = ["baseline_nats"]

ORDERS = {"unigram": 1, "5-gram": 5}


def baseline_nats(
    form: Form,
    train: Sequence[Steps],
    pieces: Sequence[Steps],
    moves: Sequence[int] = (0,),
    progress: Progress | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Return what each piece costs each baseline, nats of its counted steps together.

    Args:
        form: What the steps are.
        train: Pieces to count.
        pieces: Pieces to score.
        moves: Semitones by which events are moved to be counted, as the network hears them.
        progress: Told how far the work is.
    """
    if isinstance(form, EventForm):
        return ngram_nats(form, train, pieces, moves, progress)
    return {
        "key frequencies": frequency_nats(train, pieces),
        "repeat the last frame": repeat_nats(train, pieces),
    }


def ngram_nats(
    form: EventForm,
    train: Sequence[Steps],
    pieces: Sequence[Steps],
    moves: Sequence[int],
    progress: Progress | None,
) -> dict[str, NDArray[np.float64]]:
    """Return what n-grams of events make of pieces, each from its own beginning."""
    heard = np.concatenate([form.moved(piece, move) for move in moves for piece in train])
    found = {}
    for done, (name, order) in enumerate(ORDERS.items()):
        if progress is not None:
            progress(done, len(ORDERS), "counting events")
        model = NGram(order, len(form.vocabulary)).fit(heard)
        nats = []
        for piece in pieces:
            first = int(np.argmax(form.counted(piece)))  # the n-gram scores all but its first token
            count = len(piece) - first
            nats.append(count * model.nats(piece[first - 1 :], piece[: first - 1]))
        found[name] = np.array(nats)
    return found


def frequency_nats(train: Sequence[Steps], pieces: Sequence[Steps]) -> NDArray[np.float64]:
    """Return what pieces cost if each key sounds as often as in training, whatever came before."""
    frames = np.concatenate([piece[1:] for piece in train])
    chance = (frames.sum(axis=0) + 0.5) / (len(frames) + 1)
    return np.array([bernoulli(piece[1:], chance) for piece in pieces])


def repeat_nats(train: Sequence[Steps], pieces: Sequence[Steps]) -> NDArray[np.float64]:
    """Return what pieces cost if each key tends to stay as it was, as often as in training."""
    before = np.concatenate([piece[:-1] for piece in train]).astype(bool)
    after = np.concatenate([piece[1:] for piece in train])
    on = ((after * before).sum(axis=0) + 0.5) / (before.sum(axis=0) + 1)
    off = ((after * ~before).sum(axis=0) + 0.5) / ((~before).sum(axis=0) + 1)
    return np.array([bernoulli(p[1:], np.where(p[:-1].astype(bool), on, off)) for p in pieces])


def bernoulli(frames: Steps, chance: NDArray[np.float64]) -> float:
    """Return the nats of frames of which each key sounds by its own chance."""
    return float(-np.log(np.where(frames.astype(bool), chance, 1 - chance)).sum())
