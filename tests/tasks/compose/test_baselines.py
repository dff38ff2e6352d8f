"""The baselines are what they say, in closed form on small music."""

from __future__ import annotations

import math

import numpy as np
import pytest

from elman.models.ngram import NGram
from elman.tasks.compose.baselines import baseline_nats
from elman.tasks.compose.form import EventForm
from elman.tasks.compose.run import ComposeRun
from elman.tasks.compose.training import encoded, own_pieces


def test_rolls(roll: ComposeRun) -> None:
    train = [np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], np.uint8)]
    piece = np.array([[0, 1], [1, 1]], np.uint8)
    found = baseline_nats(roll.form, train, [piece])
    assert sorted(found) == ["key frequencies", "repeat the last frame"]
    # of four frames after the first, key 0 sounds in one and key 1 in three
    chances = (1.5 / 5, 3.5 / 5)
    assert found["key frequencies"][0] == pytest.approx(-sum(map(math.log, chances)))
    # key 0 was off in two frames and stayed so; key 1 was on in two and stayed so
    assert found["repeat the last frame"][0] == pytest.approx(
        -math.log(0.5 / 3) - math.log(2.5 / 3)
    )


def test_events(events: ComposeRun) -> None:
    form = events.form
    assert isinstance(form, EventForm)
    sets = own_pieces(events.directory, events.task, None)
    train, test = encoded(form, sets.train), encoded(form, sets.test)
    told: list[str] = []
    found = baseline_nats(form, train, test, (0, 1), lambda d, n, what: told.append(what))
    assert sorted(found) == ["5-gram", "unigram"] and told
    heard = np.concatenate([*train, *(form.moved(piece, 1) for piece in train)])
    counts = NGram(1, len(form.vocabulary)).fit(heard)
    chances = counts.probs()
    for piece, nats in zip(test, found["unigram"], strict=True):
        kept = piece[form.counted(piece)]
        assert nats == pytest.approx(-np.log(chances[kept]).sum(), rel=1e-9)
    assert found["5-gram"].sum() < found["unigram"].sum()
