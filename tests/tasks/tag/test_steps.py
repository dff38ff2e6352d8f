"""Steps with tags: batches, what is found in them, and the simplest way to find it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from elman._config import load_config
from elman.models.frontend import Frontend
from elman.models.step_tagger import StepTagger
from elman.models.step_tagger_config import StepTaggerConfig
from elman.tasks.tag import steps
from elman.tasks.tag.config import TagTask
from elman.tasks.tag.steps import TaggedBatches, frequent, padded, tag_all
from elman.train.classification import ClassScores


class Numbers(Frontend):
    output_size = 1

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs.T.unsqueeze(2)


class Examples:
    """Rows of numbers; the tag is the sign, and of a zero nobody knows it."""

    def __init__(self, lengths: Sequence[int]) -> None:
        rng = np.random.default_rng(0)
        self.items = [rng.integers(-2, 3, n).astype(np.float32) for n in lengths]

    @property
    def lengths(self) -> Any:
        return np.array([len(item) for item in self.items])

    def tags(self, key: int, /) -> Any:
        item = self.items[key]
        return np.where(item == 0, -100, item > 0).astype(np.int64)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, key: int, /) -> Any:
        return self.items[key]


class Kind:
    most_steps = 40

    def collate(self, items: Sequence[Any], rng: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
        lengths = torch.tensor([len(item) for item in items])
        rows = [torch.from_numpy(item) for item in items]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), lengths


KIND: Any = Kind()


def model() -> StepTagger:
    torch.manual_seed(0)
    return StepTagger(Numbers(), 2, StepTaggerConfig(hidden_size=5, dropout=0))


def test_batches_bound_their_steps_and_keep_tags_with_their_steps() -> None:
    some = Examples([3, 30, 7, 2, 9])
    task = load_config(TagTask, None, {"train": {"batch_size": 4}})
    batches = TaggedBatches(KIND, some, task)
    assert batches.max_tokens == 40
    seen = 0
    for k in range(len(batches)):
        batch = batches.batch(0, k)
        (numbers, lengths), tags = batch.inputs, batch.targets
        assert tags.shape == numbers.shape and (len(lengths) == 1 or tags.numel() <= 40)
        inside = torch.arange(tags.shape[1]) < lengths.unsqueeze(1)
        known = inside & (numbers != 0)
        assert torch.equal(tags[known], (numbers[known] > 0).long())
        assert bool((tags[~known] == -100).all())
        seen += len(lengths)
    assert seen == 5


def test_what_is_found_does_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    some, network = Examples([3, 30, 7, 2, 9]), model()
    together = tag_all(KIND, network, some)
    assert network.training  # put back
    monkeypatch.setattr(steps, "SCORED", 1)
    apart = tag_all(KIND, network, some)
    assert (together.scores.confusion == apart.scores.confusion).all()
    assert together.nats == pytest.approx(apart.nats, rel=1e-5)
    known = sum(int((some.tags(k) >= 0).sum()) for k in range(5))
    assert together.scores.confusion.sum() == known  # unknown steps are not counted
    assert [len(found) for found in together.found] == [3, 30, 7, 2, 9]


def test_a_step_without_a_tag_adds_no_loss() -> None:
    some, network = Examples([4]), model().eval()
    some.items[0] = np.array([1, 0, -1, 0], np.float32)
    with torch.no_grad():
        log_probs = network(torch.tensor([[1.0, 0, -1, 0]])).log_softmax(2)[0]
    expected = -(log_probs[0, 1] + log_probs[2, 0]) / 2
    assert tag_all(KIND, network, some).nats == pytest.approx(float(expected), rel=1e-5)


def test_padding_has_no_tag() -> None:
    laid = padded([np.array([1, 0]), np.array([1, 1, 0])], 4)
    assert laid.tolist() == [[1, 0, -100, -100], [1, 1, 0, -100]]


def test_the_most_frequent_tag_is_counted_in_the_training_part() -> None:
    train = Examples([0])
    train.items = [np.array([1, 1, -1, 0, 0, 0], np.float32)]
    found = frequent(train, ClassScores(np.array([[3, 1], [2, 2]])))
    assert found["accuracy"] == 0.5
