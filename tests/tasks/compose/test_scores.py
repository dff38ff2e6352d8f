"""Pieces are scored exactly: batched as alone, chunked as whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from elman.tasks.compose.run import ComposeRun
from elman.tasks.compose.scores import PieceScores, score_pieces
from elman.tasks.compose.training import encoded, own_pieces


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_batched_and_chunked_is_one_by_one(either: ComposeRun, chunk: int) -> None:
    form, model = either.form, either.model
    pieces = own_pieces(either.directory, either.task, None).train[:9]
    steps, beats = encoded(form, pieces), [piece.score.beats for piece in pieces]
    together = score_pieces(form, model, steps, beats, chunk=chunk)
    for k, piece in enumerate(steps):
        x = torch.from_numpy(piece)[None]
        nats, _ = form.nats(model, x[:, :-1], x[:, 1:], None)
        kept = form.counted(piece)[1:]
        assert together.nats[k] == pytest.approx(float(nats[0].detach()[kept].sum()), rel=1e-5)
        assert together.steps[k] == kept.sum()


def test_means() -> None:
    scores = PieceScores(np.array([2.0, 6.0]), np.array([2, 3]), np.array([4.0, 4.0]))
    assert scores.per_step == pytest.approx(8 / 5)
    assert scores.per_piece == pytest.approx((1 + 2) / 2)
    assert scores.bits_per_beat == pytest.approx(1 / math.log(2))


def test_the_model_is_put_back(roll: ComposeRun) -> None:
    roll.model.train()
    steps = [np.zeros((3, 88), np.uint8)]
    told: list[int] = []
    score_pieces(roll.form, roll.model, steps, [3.0], progress=lambda d, n, w: told.append(d))
    assert roll.model.training and told == [1]
    roll.model.eval()
