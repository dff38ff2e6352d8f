from __future__ import annotations

import random
import sys

import pytest

from elman.tasks.translate import scores as translation_scores
from elman.tasks.translate.scores import edit_distance, score_translations


def slow(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0]))


def test_edit_distance_is_the_definition() -> None:
    rng = random.Random(0)
    for _ in range(60):
        a, b = ("".join(rng.choices("abc", k=rng.randint(0, 5))) for _ in range(2))
        assert edit_distance(a, b) == slow(a, b)


def test_perfect_and_useless() -> None:
    pairs = [("a", "the dog is on the mat"), ("b", "a cat sees the small dog")]
    right = score_translations(pairs, [target for _, target in pairs])
    assert (right.exact, right.error) == (1.0, 0.0)
    wrong = score_translations(pairs, ["x", ""])
    assert (wrong.exact, wrong.error) == (0.0, 1.0)


def test_the_nearest_of_several_answers_counts_and_once() -> None:
    pairs = [("a", "1 2 3 4"), ("a", "1 2"), ("b", "5 6")]
    scores = score_translations(pairs, ["1 2 3", "1 2 3", "5 6"])
    assert scores.exact == 0.5
    assert scores.error == pytest.approx(1 / 6)  # one of four beats one of two


def test_characters_and_case() -> None:
    pairs = [("a", "Ab c")]
    assert score_translations(pairs, ["ab c"], characters=True).error == 0.25
    assert score_translations(pairs, ["ab c"], lowercase=True).exact == 1.0


def test_bleu_is_sacrebleus() -> None:
    library = pytest.importorskip("sacrebleu")
    pairs = [("a", "the dog is on the mat ."), ("b", "a cat sees the small dog .")]
    texts = ["the dog sits on the mat .", "the cat sees a small dog ."]
    scores = score_translations(pairs, texts)
    wanted = [[target for _, target in pairs]]
    assert scores.bleu == library.corpus_bleu(texts, wanted).score
    assert scores.chrf == library.corpus_chrf(texts, wanted).score
    assert "tok:13a" in scores.signature


def test_without_the_package_bleu_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    scores = translation_scores.score_translations([("a", "b")], ["b"])
    assert scores.bleu is None and scores.chrf is None and scores.exact == 1.0
