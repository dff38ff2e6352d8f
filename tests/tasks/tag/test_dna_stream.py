"""Sequences of any length: one direction as the whole, both as far as their context goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from elman.data.dna.alphabet import Codes
from elman.data.dna.fasta import Piece
from elman.models.dna_tagger import DnaTagger
from elman.models.step_tagger_config import StepTaggerConfig
from elman.tasks.tag import dna_stream
from elman.tasks.tag.dna_stream import is_exact, tag_pieces


def made(bidirectional: bool, output: Any = "softmax", **options: Any) -> DnaTagger:
    torch.manual_seed(0)
    config = StepTaggerConfig(hidden_size=6, bidirectional=bidirectional, output=output)
    model = DnaTagger(3, config, **options).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.5 * torch.randn_like(parameter))
    return model


def sequences(*lengths: int) -> list[Codes]:
    rng = np.random.default_rng(0)
    return [rng.integers(1, 16, n).astype(np.uint8) for n in lengths]


def pieces(every: list[Codes], size: int) -> Iterator[Piece]:
    for k, codes in enumerate(every):
        for start in range(0, len(codes), size):
            part = codes[start : start + size]
            yield Piece(f"s{k}", "", 1, start, part, start + size >= len(codes))


def whole(model: DnaTagger, codes: Codes) -> NDArray[Any]:
    with torch.inference_mode():
        scores = model.emissions(torch.from_numpy(codes).long().unsqueeze(0))
        return model.chances(scores)[:, 0].numpy()


def found(model: DnaTagger, every: list[Codes], size: int, **cut: int) -> dict[str, NDArray[Any]]:
    parts: dict[str, list[NDArray[Any]]] = {}
    tags: dict[str, int] = {}
    for told in tag_pieces(model, pieces(every, size), **cut):
        assert told.start == tags.get(told.name, 0)
        assert len(told.tags) == len(told.chances)
        np.testing.assert_allclose(told.confidence, told.chances.max(1), rtol=0.5)
        tags[told.name] = told.start + len(told.tags)
        parts.setdefault(told.name, []).append(told.chances)
    return {name: np.concatenate(rows) for name, rows in parts.items()}


@pytest.mark.parametrize("size", [7, 50, 10_000])
@pytest.mark.parametrize("letters", [{}, {"kmer": 3}, {"filters": 4, "filter_width": 5}])
def test_one_direction_is_exact(letters: Any, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dna_stream, "STREAMED", 30)
    monkeypatch.setattr(dna_stream, "MOST_STEPS", 1500)
    model, every = made(False, **letters), sequences(5, 300, 12, 9, 200, 1)
    assert is_exact(model)
    for k, chances in enumerate(found(model, every, size, window=20, context=3).values()):
        np.testing.assert_allclose(chances, whole(model, every[k]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [7, 10_000])
@pytest.mark.parametrize("most", [130, 1 << 16])
@pytest.mark.parametrize(
    "options", [{}, {"strands": "average"}, {"strands": "tied", "kmer": 2}, {"output": "crf"}]
)
def test_both_directions_are_told_within_their_context(
    options: Any, most: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dna_stream, "MOST_STEPS", most)
    model, every = made(True, **options), sequences(40, 163, 5, 41)
    assert not is_exact(model)
    told = found(model, every, size, window=40, context=15)
    for k, chances in enumerate(told.values()):
        codes = every[k]
        for start in range(0, len(codes), 40):
            if len(codes) <= 40:
                first, last = 0, len(codes)
            else:
                first, last = max(0, start - 15), min(len(codes), start + 55)
            expected = whole(model, codes[first:last])[start - first :][:40]
            np.testing.assert_allclose(chances[start : start + 40], expected, rtol=0, atol=1e-6)


def test_context_that_is_long_enough_is_as_good_as_the_whole() -> None:
    model, (codes,) = made(True), sequences(400)
    expected = whole(model, codes)
    wrong = []
    for context in (0, 5, 60):
        (chances,) = found(model, [codes], 400, window=50, context=context).values()
        wrong.append(float(np.abs(chances - expected).max()))
    assert wrong[0] > 1e-3 > wrong[2] and wrong[2] < wrong[1] < wrong[0]


def test_nothing_gives_nothing() -> None:
    for both in (True, False):
        assert list(tag_pieces(made(both), iter(()), 10, 2)) == []
