"""The picture of a text: what each token costs, where it stands on the page."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.data.tokenizer import CharTokenizer
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.tasks.language_model.pictures import (
    WIDTH,
    laid_out,
    surprise_picture,
    token_nats,
)


def model() -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(5, LanguageModelConfig(hidden_size=6, dropout=0.5))


def test_the_costs_sum_to_the_loss() -> None:
    network, ids = model(), np.array([1, 2, 3, 4, 1, 2], np.uint8)
    nats = token_nats(network, ids)
    assert network.training  # put back
    tokens = torch.from_numpy(ids.astype(np.int64))[None]
    expected = network.eval().loss(tokens[:, :-1], tokens[:, 1:]).nats
    assert nats.shape == (5,) and nats.mean() == pytest.approx(expected.item(), rel=1e-5)


def test_no_token_stands_beyond_the_line_or_on_another() -> None:
    rng = np.random.default_rng(0)
    pieces = ["ab\n" if n % 7 == 0 else "日" * int(n % 3 + 1) for n in rng.integers(0, 50, 300)]
    taken: set[tuple[int, int]] = set()
    for line, column, width, _ in laid_out(pieces):
        cells = {(line, column + k) for k in range(width)}
        assert column + width <= WIDTH and not cells & taken
        taken |= cells


def test_signs_that_cannot_be_seen_are_shown() -> None:
    assert [shown for *_, shown in laid_out(["\x1b[3", "\n"])] == ["·[3", "⏎"]


def test_pictures_are_drawn_whatever_the_text() -> None:
    pytest.importorskip("matplotlib")
    tokenizer = CharTokenizer("$_日\n")
    ids = np.array([1, 2, 3, 4, 1, 2] * 400, np.uint8)
    one = surprise_picture(model(), tokenizer, ids)
    two = surprise_picture(model(), tokenizer, ids[1:])
    assert one.image[:4] == b"\x89PNG" and one.image != two.image
