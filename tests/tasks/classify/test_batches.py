"""Batches of labelled texts: bounded, padded, by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from elman.data.labelled import Examples
from elman.models.classifier import token_classifier
from elman.models.classifier_config import TokenClassifierConfig
from elman.tasks.classify import batches as module
from elman.tasks.classify.batches import LabelledBatches, logits_of
from elman.tasks.classify.config import ClassifyTrainConfig
from elman.tasks.classify.text import TextKind


def tensors(items: Any, rng: Any = None) -> Any:
    return TextKind.collate(None, items, rng)  # type: ignore[arg-type]  # it needs no tokenizer


def examples(lengths: list[int]) -> Examples:
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.random.default_rng(0).integers(0, 9, starts[-1]).astype(np.uint8)
    return Examples(ids, starts, np.arange(len(lengths)) % 3)


def test_each_example_once_with_its_label() -> None:
    some = examples([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    batches = LabelledBatches(tensors, some, ClassifyTrainConfig(batch_size=4))
    seen = []
    for index in range(len(batches)):
        batch = batches.batch(1, index)
        tokens, lengths = batch.inputs
        assert batch.fresh and tokens.shape == (len(lengths), lengths.max())
        for row, length, label in zip(tokens, lengths, batch.targets, strict=True):
            seen.append((tuple(row[:length].tolist()), int(label)))
    assert sorted(seen) == sorted((tuple(some[k].tolist()), k % 3) for k in range(10))


@pytest.mark.parametrize(
    ("longest", "asked", "most"), [(100, None, None), (5000, None, 1 << 16), (5000, 6000, 6000)]
)
def test_long_texts_bound_the_batch(longest: int, asked: Any, most: Any) -> None:
    config = ClassifyTrainConfig(batch_size=32, max_tokens=asked)
    assert LabelledBatches(tensors, examples([longest, 2]), config).max_tokens == most


def test_logits_come_in_the_order_of_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = token_classifier(9, 3, TokenClassifierConfig(hidden_size=4, embedding_size=3))
    some = examples([3, 1, 4, 0, 5, 9])
    whole = logits_of(tensors, model, some, some.lengths)
    assert model.training  # put back
    with torch.no_grad():
        for k in range(6):
            alone = model.eval()(*tensors([some[k]]))[0]
            torch.testing.assert_close(torch.from_numpy(whole[k]), alone, rtol=1e-4, atol=1e-6)
    monkeypatch.setattr(module, "SCORED", 2)
    again = logits_of(tensors, model, [some[k] for k in range(6)], some.lengths)
    np.testing.assert_allclose(again, whole, rtol=1e-4, atol=1e-6)


def test_texts_of_nothing_have_a_step_to_stand_on() -> None:
    tokens, lengths = tensors([np.array([], np.uint8)] * 2)
    assert tokens.tolist() == [[0], [0]] and lengths.tolist() == [0, 0]
