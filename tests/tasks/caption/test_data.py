"""Captioned clips as batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from elman.data.video.captions import Told, read_caption_sets
from elman.tasks.caption.data import (
    CaptionBatches,
    caption_ids,
    collate,
    learn_words,
    most_frames,
    targets_of,
    with_tokenizer,
)
from tests.tasks.caption.squares import task_of, write_squares


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = write_squares(tmp_path_factory.mktemp("twice") / "clips", 40, twice=True)
    return read_caption_sets(str(folder), task_of(folder).video).train


def batches(told: Told, **train: object) -> CaptionBatches:
    task = with_tokenizer(task_of(Path("clips"), train=train), told)
    return CaptionBatches(told, learn_words(task, told), task, told.clips.shape)


def test_the_usual_tokenizer_is_named(told: Told) -> None:
    task = task_of(Path("clips"))
    assert task.text.tokenizer is None
    assert with_tokenizer(task, told).text.tokenizer == "word"
    chosen = task_of(Path("clips"), text={"tokenizer": "char"})
    assert with_tokenizer(chosen, told).text.tokenizer == "char"


def test_captions_end(told: Told) -> None:
    task = with_tokenizer(task_of(Path("clips")), told)
    words = learn_words(task, told)
    ids = caption_ids(words, "it moves up")
    assert len(ids) == 4 and ids[-1] == words.vocab_size
    targets = targets_of(words, ["it moves up", "a square goes up"])
    assert targets.shape == (2, 5) and targets[0, -1] == -1 and targets[1, -1] == words.vocab_size


def test_batches_hold_every_clip_once_an_epoch(told: Told) -> None:
    source = batches(told, batch_size=5)
    for epoch in (0, 1):
        sizes = [source.batch(epoch, k).inputs[1].tolist() for k in range(len(source))]
        assert sum(map(len, sizes)) == len(told)
        assert all(sum(some) <= 5 * 7 for some in sizes)


def test_the_same_numbers_are_the_same_batch(told: Told) -> None:
    first, second = (batches(told, batch_size=8).batch(3, 1) for _ in range(2))
    assert torch.equal(first.inputs[0][0], second.inputs[0][0])
    assert torch.equal(first.targets, second.targets)
    other = batches(told, batch_size=8).batch(4, 1)
    assert not torch.equal(first.targets, other.targets)


def test_each_epoch_draws_one_of_a_clips_captions(told: Told) -> None:
    source = batches(told, batch_size=100)
    lengths = {int((row >= 0).sum()) for k in range(6) for row in source.batch(k, 0).targets}
    assert lengths == {4, 5}  # "it moves up" and "a square goes up", each with its end


def test_a_batch_is_bounded_by_its_frames(told: Told) -> None:
    source = batches(told, batch_size=100, max_tokens=21)
    assert all(source.batch(0, k).inputs[1].sum() <= 21 for k in range(len(source)))
    task = task_of(Path("clips"))
    assert most_frames(task, (48, 48, 1)) == 4096
    assert most_frames(task, (480, 480, 3)) == 40
    assert most_frames(task, (9000, 9000, 3)) == 1
    assert most_frames(task_of(Path("clips"), train={"max_tokens": 7}), (48, 48, 1)) == 7


def test_frames_are_packed_without_padding(told: Told) -> None:
    clips = [told.clips[k] for k in range(3)]
    (frames, lengths), again = collate(clips, task_of(Path("clips")))
    assert frames.shape == (21, 16, 16, 1) and frames.dtype == torch.uint8
    assert lengths.tolist() == [7, 7, 7] and again is lengths
    np.testing.assert_array_equal(frames[7:14].numpy(), clips[1].seen())


def test_training_alters_what_it_sees(told: Told) -> None:
    task = task_of(Path("clips"), video={"brightness": 0.5})
    clips = [told.clips[0]]
    plain = collate(clips, task)[0][0]
    altered = collate(clips, task, np.random.default_rng(0))[0][0]
    assert altered.shape == plain.shape and not torch.equal(altered, plain)
