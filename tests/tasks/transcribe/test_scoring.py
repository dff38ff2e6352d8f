"""Errors are those of jiwer, and nats those of the loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman.data.audio.config import AudioConfig
from elman.data.audio.manifest import read_manifest
from elman.data.audio.waves import Waves
from elman.tasks.transcribe.run import TranscribeRun
from elman.tasks.transcribe.scoring import compare, held_out_scores, nats_of


def test_kinds_of_errors() -> None:
    truths, texts = ["one two three", "four"], ["one too three more", ""]
    words = compare(truths, texts, words=True)
    assert (words.total, words.substitutions, words.insertions, words.deletions) == (4, 1, 1, 1)
    assert words.rate == 0.75 and words.confusions == {("two", "too"): 1}
    letters = compare(truths, texts, words=False)
    assert letters.total == 17 and letters.rate == pytest.approx((1 + 5 + 4) / 17)
    assert letters.confusions == {("w", "o"): 1}


def test_validation_counts_as_the_evaluation_does(both: TranscribeRun, table: Path) -> None:
    found = read_manifest(str(table), AudioConfig())[:20]
    waves = Waves(found, 8000)
    scores = held_out_scores(both.model, waves, both.alphabet)
    truths = [u.text for u in found]
    texts = [both.transcribe(waves[k]).text for k in range(20)]
    assert scores.words_wrong == pytest.approx(compare(truths, texts, words=True).rate)
    assert scores.letters_wrong == pytest.approx(compare(truths, texts, words=False).rate)
    assert 0 < scores.nats < 1


def test_a_text_that_does_not_fit_has_no_nats() -> None:
    steps = np.log(np.full((2, 3), 1 / 3, np.float32))
    assert nats_of(steps, [1, 2, 1]) is None and nats_of(steps, [1, 1]) is None
    assert nats_of(steps, [1, 2]) == pytest.approx(2 * np.log(3), rel=1e-5)
    assert nats_of(steps, [1]) == pytest.approx(-np.log(3 / 9), rel=1e-5)
