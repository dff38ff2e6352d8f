"""Padding keeps every id and says where each row ends."""

import numpy as np
import torch

from elman.data.padding import pad


def test_rows_keep_their_ids_and_lengths() -> None:
    rows = [np.array([3, 1], np.uint8), np.array([], np.uint16), np.array([70_000, 2, 9])]
    tokens, lengths = pad(rows, value=-1)
    assert tokens.dtype == lengths.dtype == torch.int64
    assert lengths.tolist() == [2, 0, 3]
    assert tokens.tolist() == [[3, 1, -1], [-1, -1, -1], [70_000, 2, 9]]


def test_no_rows_are_an_empty_batch() -> None:
    tokens, lengths = pad([])
    assert tokens.shape == (0, 0)
    assert lengths.shape == (0,)
