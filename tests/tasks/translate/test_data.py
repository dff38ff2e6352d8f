from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from elman._errors import DataError, RunError
from elman._run import RunDirectory
from elman.tasks.translate.data import PairBatches, Vocabularies
from tests.tasks.pairs import task_of

PAIRS = [("a b c", "x y"), ("a", "x"), ("b b b b b b", "y"), ("c a", "x y x y x")]
DATA = Path("pairs.tsv")


def test_every_side_ends_and_an_empty_source_is_its_end() -> None:
    both = Vocabularies.learn(PAIRS, task_of(DATA))
    assert both.source_ids("a b")[-1] == both.source.vocab_size
    assert both.target_ids("x")[-1] == both.target.vocab_size
    assert both.source_ids("").tolist()[-1:] == [both.source.vocab_size]


def test_one_vocabulary_for_both(tmp_path: Path) -> None:
    both = Vocabularies.learn(PAIRS, task_of(DATA, pairs={"shared_vocabulary": True}))
    assert both.source is both.target
    assert 0 not in both.source_ids("x y a")
    run = RunDirectory.create(tmp_path / "run", both.files())
    again = Vocabularies.read(run)
    assert again.target_ids("x a").tolist() == both.target_ids("x a").tolist()
    (tmp_path / "run" / "target_tokenizer.json").write_text("{}")
    with pytest.raises(RunError, match="target_tokenizer.json is not what was written"):
        Vocabularies.read(run)


def test_batches_hold_every_pair_once_and_are_the_same_again() -> None:
    task = task_of(DATA, train={"batch_size": 2, "teacher_forcing": 0.5, "forcing_epochs": 1})
    both = Vocabularies.learn(PAIRS, task)
    batches = PairBatches(both.examples(PAIRS), task)
    seen = []
    for index in range(len(batches)):
        batch, again = batches.batch(3, index), batches.batch(3, index)
        source, lengths, forced = batch.inputs
        assert float(forced) == 0.5 and batch.fresh
        assert torch.equal(batch.targets, again.targets)
        for row, length, target in zip(source, lengths, batch.targets, strict=True):
            assert (target[(target == both.target.vocab_size).nonzero()[0, 0] + 1 :] == -1).all()
            seen.append((row[:length].tolist(), target[target >= 0].tolist()))
    wanted = [(s.tolist(), t.tolist()) for s, t in both.examples(PAIRS)]
    assert sorted(seen) == sorted(wanted)
    assert float(batches.batch(0, 1).inputs[2]) == pytest.approx(0.75)


def test_long_pairs_are_left_out_and_counted() -> None:
    task = task_of(DATA, pairs={"max_length": 4})
    both = Vocabularies.learn(PAIRS, task)
    batches = PairBatches(both.examples(PAIRS), task)
    assert batches.left_out == 2
    assert np.max(batches.lengths) == 4
    with pytest.raises(DataError, match="no pair has at most 1 tokens.*raise pairs.max_length"):
        PairBatches(both.examples(PAIRS[2:3]), task_of(DATA, pairs={"max_length": 1}))


def test_single_words_are_cut_into_characters_unless_told() -> None:
    pairs = [("hello", "HH AH L OW"), ("read", "R EH D")]
    both = Vocabularies.learn(pairs, task_of(DATA))
    assert (both.source.name, both.target.name) == ("char", "word")
    shared = Vocabularies.learn(pairs, task_of(DATA, pairs={"shared_vocabulary": True}))
    assert shared.source.name == "word"
    told = Vocabularies.learn(pairs, task_of(DATA, text={"tokenizer": "word"}))
    assert told.source.name == "word"
