"""Scores of classes equal what a loop over the examples counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import ShapeError
from elman.train.classification import (
    balanced_weights,
    calibration_error,
    class_scores,
    confusion_matrix,
    fit_temperature,
    log_softmax,
    mean_nats,
)

CASES = st.integers(2, 5).flatmap(
    lambda c: st.tuples(
        st.just(c), st.lists(st.tuples(st.integers(0, c - 1), st.integers(0, c - 1)), min_size=1)
    )
)


@given(CASES)
def test_scores_equal_counting(case: tuple[int, list[tuple[int, int]]]) -> None:
    classes, pairs = case
    true, told = zip(*pairs, strict=True)
    scores = class_scores(true, told, classes)
    assert scores.accuracy == pytest.approx(sum(t == p for t, p in pairs) / len(pairs))
    f1s = []
    for c in range(classes):
        hit = sum(t == p == c for t, p in pairs)
        said, real = sum(p == c for p in told), sum(t == c for t in true)
        precision, recall = hit / said if said else 0.0, hit / real if real else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
        assert scores.precision[c] == pytest.approx(precision)
        assert scores.recall[c] == pytest.approx(recall)
        assert scores.f1[c] == pytest.approx(f1)
        assert scores.support[c] == real
        for p in range(classes):
            assert scores.confusion[c, p] == sum(pair == (c, p) for pair in pairs)
        if said or real:
            f1s.append(f1)
    assert scores.macro_f1 == pytest.approx(sum(f1s) / len(f1s))


def test_shapes_must_fit() -> None:
    with pytest.raises(ShapeError, match="differ"):
        confusion_matrix([0, 1], [0], 2)


@given(st.integers(0, 10**6), st.integers(1, 40))
def test_calibration_error_equals_a_loop_over_bins(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([0.5, 0.5, 0.5], count)
    labels = rng.integers(0, 3, count)
    error = 0.0
    for k in range(15):
        rows = [n for n in range(count) if k / 15 < probabilities[n].max() <= (k + 1) / 15]
        if rows:
            sure = np.mean([probabilities[n].max() for n in rows])
            right = np.mean([probabilities[n].argmax() == labels[n] for n in rows])
            error += len(rows) / count * abs(right - sure)
    assert calibration_error(probabilities, labels) == pytest.approx(error, abs=1e-12)


def test_perfect_certainty_is_calibrated() -> None:
    assert calibration_error(np.eye(3), [0, 1, 2]) == 0
    assert calibration_error(np.eye(3), [1, 2, 0]) == 1


@pytest.mark.parametrize("true", [0.3, 1.0, 4.0])
def test_temperature_is_found_again(true: float) -> None:
    rng = np.random.default_rng(1)
    scaled = rng.normal(size=(20_000, 4)) * 2
    shares = np.exp(log_softmax(scaled))
    labels = (shares.cumsum(1) > rng.random((len(shares), 1))).argmax(1)
    found = fit_temperature(scaled * true, labels)
    assert found == pytest.approx(true, rel=0.05)
    best = mean_nats(log_softmax(scaled * true, found), labels)
    for other in (found * 1.01, found / 1.01):
        assert best <= mean_nats(log_softmax(scaled * true, other), labels)


def test_temperature_stays_in_bounds_where_nothing_bounds_it() -> None:
    logits = np.array([[1.0, 0.0]] * 5)
    assert fit_temperature(logits, [0] * 5) == pytest.approx(0.05, rel=1e-3)
    assert fit_temperature(logits, [1] * 5) == pytest.approx(20, rel=1e-3)


def test_log_softmax_is_stable_and_sums_to_one() -> None:
    log_probs = log_softmax(np.array([[1000.0, 0.0, -1000.0], [0.0, 1.0, 2.0]], np.float32))
    np.testing.assert_allclose(np.exp(log_probs).sum(1), 1)
    assert mean_nats(log_probs, [0, 2]) == pytest.approx(
        -math.log(math.e**2 / (1 + math.e + math.e**2)) / 2
    )


def test_balanced_weights_make_classes_equal() -> None:
    counts = np.array([900, 90, 10])
    weights = balanced_weights(counts)
    np.testing.assert_allclose(weights * counts, 1000 / 3)
    assert balanced_weights([5, 0]).tolist() == [0.5, 0.0]
