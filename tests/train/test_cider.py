"""CIDEr-D by hand, and what it was made to punish."""

from __future__ import annotations

import math

import numpy as np
import pytest

from elman._errors import ShapeError
from elman.train.cider import cider_d

LN2 = math.log(2)


def words(*captions: str) -> list[list[str]]:
    return [caption.split() for caption in captions]


def test_the_same_words_score_ten() -> None:
    said = words("a b c d e", "f g h i j")
    np.testing.assert_allclose(cider_d(said, [[one] for one in said]), [10, 10])


def test_a_caption_shorter_than_four_words_lacks_the_longer_grams() -> None:
    said = words("a", "f g")
    np.testing.assert_allclose(cider_d(said, [[one] for one in said]), [2.5, 5.0])


def test_by_hand_one_word_of_two() -> None:
    # 1-grams of "a b" and "a c": all four words weigh ln 2; cosine = 1/2; no common 2-gram
    scores = cider_d(words("a b", "x"), [words("a c"), words("y")])
    np.testing.assert_allclose(scores, [10 * 0.5 / 4, 0])


def test_by_hand_what_all_pictures_share_weighs_nothing() -> None:
    # "a" is in both pictures' references: ln(2/2) = 0; so "a b" is as "b"
    scores = cider_d(words("a b", "a z"), [words("a c"), words("a z")])
    # picture 1: 1-grams share "a" alone, weight 0. picture 2: 1-grams and the 2-gram agree: 1 and 1
    np.testing.assert_allclose(scores, [0, 10 * 2 / 4])


def test_by_hand_repeating_is_clipped_and_costs_length() -> None:
    # own (2 ln 2) of "b b", reference (ln 2) of "b": min 1 * 1 / (2 * 1) = 1/2, lengths 1 apart
    scores = cider_d(words("b b", "x"), [words("b"), words("y")])
    np.testing.assert_allclose(scores[0], 10 * math.exp(-1 / 72) * 0.5 / 4)


def test_by_hand_several_references_are_averaged() -> None:
    # against "b": 1; against "c": 0
    scores = cider_d(words("b", "x"), [words("b", "c"), words("y")])
    np.testing.assert_allclose(scores[0], 10 * 0.5 / 4)


def test_by_hand_rarity_is_of_pictures_not_of_captions() -> None:
    # "b" stands in both references of picture 1: in one picture of two, ln 2 all the same
    references = [words("b c", "b d"), words("y")]
    # 1-grams of "b": (ln 2); of "b c": (ln 2, ln 2): cosine 1/sqrt 2; lengths 1 apart
    expected = 10 * math.exp(-1 / 72) / math.sqrt(2) / 4
    np.testing.assert_allclose(cider_d(words("b", "y"), references)[0], expected)


def test_the_length_is_gaussian() -> None:
    long = words("a b c d e f g h i j k")
    (score, _) = cider_d([long[0], ["x"]], [words("a b c d e"), words("y")])
    # n-grams of 5 words within 11: 5/sqrt(5*11), 4/sqrt(4*10), 3/sqrt(3*9), 2/sqrt(2*8)
    cosines = [n / math.sqrt(n * (n + 6)) for n in (5, 4, 3, 2)]
    assert score == pytest.approx(10 * math.exp(-36 / 72) * sum(cosines) / 4)


def test_of_one_picture_nothing_is_rare() -> None:
    said = words("a b c d")
    assert cider_d(said, [said]).tolist() == [0.0]


def test_nothing_written_is_nothing() -> None:
    assert cider_d([[], ["x"]], [words("a b"), words("x")])[0] == 0.0
    assert cider_d([], []).shape == (0,)


def test_every_caption_needs_references() -> None:
    with pytest.raises(ShapeError, match="references for each of 2 captions, got 1 pictures"):
        cider_d(words("a", "b"), [words("a")])
    with pytest.raises(ShapeError, match="1 of them without any"):
        cider_d(words("a", "b"), [words("a"), []])


def test_as_the_published_scorer_counts() -> None:
    """What pycocoevalcap 1.2 (CiderScorer, n = 4, sigma = 6) returns for these captions."""
    references = [
        words(
            "a man rides a brown horse on the beach",
            "someone rides a horse near the sea",
            "a rider and a horse at the water",
        ),
        words("two dogs play with a ball on the grass", "dogs run after a red ball"),
        words("a man cooks in a small kitchen"),
        words("a woman rides a bicycle on the road", "a woman on a bicycle"),
    ]
    captions = words(
        "a man rides a horse on the beach",
        "two dogs play with a red ball",
        "a man a man in a kitchen",
        "a dog on the road",
    )
    expected = [3.15329625, 4.18931346, 2.18525264, 1.02694441]
    np.testing.assert_allclose(cider_d(captions, references), expected, rtol=1e-8)
