"""Pieces as batches: every step once, the same for the same number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from elman._errors import DataError
from elman.tasks.compose.stream import PieceStream, semitones

PIECES = [np.arange(100 * k, 100 * k + size) for k, size in enumerate((5, 9, 3, 14, 2))]


def stream(pieces: Any = PIECES, rows: int = 2, length: int = 4, moves: Any = (0,)) -> PieceStream:
    return PieceStream(pieces, rows, length, seed=0, moves=moves, moved=lambda p, k: p + 1000 * k)


def test_windows_go_on_where_the_last_one_ended() -> None:
    s = stream()
    assert len(s) == 4
    batches = [s.batch(0, k) for k in range(4)]
    assert [batch.fresh for batch in batches] == [True, False, False, False]
    heard = torch.cat([batch.inputs.steps for batch in batches], 1)
    wanted = torch.cat([batch.targets.steps for batch in batches], 1)
    torch.testing.assert_close(heard[:, 1:], wanted[:, :-1])


def test_pieces_begin_with_a_reset_and_are_not_predicted_from_each_other() -> None:
    s = stream()
    firsts = {int(piece[0]) for piece in PIECES}
    for k in range(len(s)):
        batch = s.batch(3, k)
        began = torch.isin(batch.inputs.steps, torch.tensor(sorted(firsts)))
        assert torch.equal(batch.inputs.reset, began)
        follows = ~torch.isin(batch.targets.steps, torch.tensor(sorted(firsts)))
        assert torch.equal(batch.targets.mask, follows)


def test_a_batch_depends_on_its_number_alone() -> None:
    one, other = stream(moves=semitones(6)), stream(moves=semitones(6))
    later = [one.batch(epoch, index) for epoch in (0, 1) for index in range(len(one))]
    assert torch.equal(other.batch(1, 2).inputs.steps, later[len(one) + 2].inputs.steps)
    assert not torch.equal(later[0].inputs.steps, later[len(one)].inputs.steps)


def test_each_piece_moves_by_itself() -> None:
    s = stream(moves=semitones(2))
    found = torch.cat([s.batch(e, k).inputs.steps.flatten() for e in range(9) for k in range(4)])
    assert set(torch.div(found + 2000, 1000, rounding_mode="floor").tolist()) == {0, 1, 2, 3, 4}


def test_frames_are_steps_too() -> None:
    rolls = [np.eye(size, 88, dtype=np.uint8) for size in (4, 6)]
    batch = stream(rolls, length=3).batch(0, 0)
    assert batch.inputs.steps.shape == (2, 3, 88) and batch.inputs.steps.dtype == torch.uint8


def test_little_music_has_shorter_windows_and_too_little_is_refused() -> None:
    short = stream([np.arange(7)], rows=2, length=64)
    assert len(short) == 1 and short.batch(0, 0).inputs.steps.shape == (2, 3)
    with pytest.raises(DataError, match="too few for 32 rows"):
        stream([np.arange(7)], rows=32)
    with pytest.raises(IndexError):
        short.batch(0, 1)


def test_keys() -> None:
    assert list(semitones(0)) == [0]
    assert {k % 12 for k in semitones(6)} == set(range(12))
