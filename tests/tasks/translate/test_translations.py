"""Lines in, lines out: in order, in batches that do not matter, unknown words copied."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from elman._errors import ConfigError
from elman.tasks.translate import translations
from elman.tasks.translate.config import Translating
from elman.tasks.translate.task import TranslateRun
from elman.tasks.translate.translations import attention_weights

LINES = ["1 2", "", "3", "5 4 3 2", "   ", "4 4 1", "9 1", "1 2 3 4 5 1 2 3", "ὕ 7"]


@pytest.fixture
def run(numbers: TranslateRun) -> TranslateRun:
    return numbers


def texts(run: TranslateRun, lines: list[str], **how: object) -> list[list[str]]:
    options = Translating.model_validate(how)
    return [[one.text for one in some] for some in run.translate(lines, options)]


def test_it_says_numbers(run: TranslateRun) -> None:
    assert texts(run, ["1 2", "5 4 3"]) == [["one two"], ["five four three"]]


def test_lines_come_back_in_order_and_empty_ones_empty(run: TranslateRun) -> None:
    together = texts(run, LINES)
    assert together == [texts(run, [line])[0] for line in LINES]
    assert together[1] == together[4] == [""]
    assert texts(run, []) == []


def test_batches_do_not_matter(run: TranslateRun, monkeypatch: pytest.MonkeyPatch) -> None:
    together = texts(run, LINES)
    monkeypatch.setattr(translations, "BATCH_SIZE", 2)
    assert texts(run, LINES) == together
    monkeypatch.setattr(translations, "BATCH_TOKENS", 5)
    assert texts(run, LINES) == together


def test_chunks_do_not_matter_and_lines_are_read_as_needed(run: TranslateRun) -> None:
    whole = texts(run, LINES)
    assert [[one.text for one in some] for some in run.translate(LINES, chunk=2)] == whole

    def endless() -> Iterator[str]:
        while True:
            yield "1 2"

    lines = run.translate(endless(), chunk=2)
    assert [next(lines)[0].text for _ in range(5)] == ["one two"] * 5


def test_the_n_best_are_different_and_in_order(run: TranslateRun) -> None:
    for some in run.translate(["1 2", "3 3 3"], Translating(beam=6), nbest=5):
        assert len({tuple(one.tokens) for one in some}) == len(some) == 5
        assert [one.score for one in some] == sorted((one.score for one in some), reverse=True)


def test_scores_are_the_models(run: TranslateRun) -> None:
    import torch

    for how in (Translating(), Translating(beam=3)):
        for line, (best, *_) in zip(
            ["1 2", "4 4 1"], run.translate(["1 2", "4 4 1"], how), strict=True
        ):
            source = torch.tensor(run.vocabularies.source_ids(line))[None]
            target = torch.tensor([[*best.tokens, run.model.end]])
            with torch.no_grad():
                score = run.model.score(source, torch.tensor([source.shape[1]]), target)
            assert best.log_prob == pytest.approx(float(score), abs=1e-5)


def test_lengths_are_bounded(run: TranslateRun) -> None:
    (one,) = texts(run, ["1 2 3 4 5 1 2 3 4 5"], max_length=2)
    assert len(one[0].split()) <= 2
    (long,) = run.translate(["1 " * 3000], Translating())
    assert len(long[0].tokens) <= translations.LONGEST


def test_an_unknown_word_is_copied_from_where_the_model_looks(
    run: TranslateRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = run.vocabularies.source, run.vocabularies.target
    looks = np.eye(4, dtype=np.float32)[[2, 0, 1, 3]]  # at the third word, the first, the second

    def weights(*_: object) -> np.ndarray:
        return looks

    monkeypatch.setattr(translations, "attention_weights", weights)
    one = int(target.encode(" one")[0])
    written = [[0, one, 0], [one, one, one], [0, 0, 0]]
    found = [translations.text_of(run.model, run.vocabularies, "1 Zürich Rom", t) for t in written]
    assert found == ["Rom one Zürich", "one one one", "Rom 1 Zürich"]
    assert source.unk_id == target.unk_id == 0


def test_without_copying_no_unknown_word_is_written(run: TranslateRun) -> None:
    unknown = ["Zürich", "7 8 9", "Rom Rom"]
    copied = run.translate(unknown, Translating())
    assert not any("<unk>" in one.text for some in copied for one in some)
    for some in run.translate(unknown, Translating(copy_unknown=False, beam=4), nbest=4):
        assert all(0 not in one.tokens for one in some)


def test_attention_sums_to_one_and_looks_at_the_right_word(run: TranslateRun) -> None:
    (best, *_), *_ = run.translate(["1 2 3"], Translating())
    weights = attention_weights(run.model, run.vocabularies, "1 2 3", best.tokens)
    assert weights is not None and weights.shape == (4, 4)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)


def test_more_than_the_beam_holds_is_refused(run: TranslateRun) -> None:
    with pytest.raises(ConfigError, match="nbest: expected 1 to the beam's 2, got 5"):
        run.translate(["1"], Translating(beam=2), nbest=5)
