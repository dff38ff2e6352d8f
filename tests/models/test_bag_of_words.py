"""The baselines are what their names say: a convex minimum, and counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from elman.models.bag_of_words import BagOfWords, NaiveBayes, occurring

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(1, 9, 60)
STARTS = np.concatenate([[0], np.cumsum(LENGTHS)])
IDS = RNG.integers(0, 12, STARTS[-1]).astype(np.uint8)
LABELS = RNG.integers(0, 3, 60)


def dense() -> torch.Tensor:
    x = torch.zeros(60, 12, dtype=torch.float64)
    for k in range(60):
        x[k, IDS[STARTS[k] : STARTS[k + 1]].astype(int)] = 1
    return x


@pytest.mark.parametrize("penalty", [0.3, 3.0])
def test_bag_of_words_is_at_the_minimum(penalty: float) -> None:
    model = BagOfWords(12, 3, penalty).fit(IDS, STARTS, LABELS)
    weight = model.weight.detach().double().requires_grad_()
    bias = model.bias.detach().double().requires_grad_()
    logits = dense() @ weight + bias
    nats = F.cross_entropy(logits, torch.from_numpy(LABELS), reduction="sum")
    (nats + penalty / 2 * weight.square().sum()).backward()
    assert weight.grad.abs().max() < 0.02 and bias.grad.abs().max() < 0.02
    torch.testing.assert_close(
        torch.from_numpy(model.log_probs(IDS, STARTS)).double(),
        logits.detach().log_softmax(-1),
        rtol=1e-4,
        atol=1e-5,
    )


def test_naive_bayes_is_bayes() -> None:
    model = NaiveBayes(12, 3).fit(IDS, STARTS, LABELS)
    found = model.log_probs(IDS, STARTS)
    for k in range(60):
        joint = np.empty(3)
        for c in range(3):
            own = np.concatenate(
                [IDS[STARTS[j] : STARTS[j + 1]] for j in np.flatnonzero(c == LABELS)]
            )
            joint[c] = ((c == LABELS).sum() + 1) / 63
            for token in IDS[STARTS[k] : STARTS[k + 1]]:
                joint[c] *= ((own == token).sum() + 1) / (len(own) + 12)
        np.testing.assert_allclose(np.exp(found[k]), joint / joint.sum())


def test_each_token_counts_once_and_an_empty_text_has_none() -> None:
    found, offsets = occurring(np.array([4, 4, 1, 2]), np.array([0, 3, 3, 4]))
    assert found.tolist() == [1, 4, 2] and offsets.tolist() == [0, 2, 2]
    model = BagOfWords(5, 2).fit(np.array([1, 2]), np.array([0, 1, 2]), np.array([0, 1]))
    empty = model.log_probs(np.array([], np.int64), np.array([0, 0]))
    np.testing.assert_allclose(np.exp(empty), [[0.5, 0.5]], atol=1e-3)
