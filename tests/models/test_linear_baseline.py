from __future__ import annotations

import numpy as np
import pytest

from elman.models.linear_baseline import LogisticRegression, RidgeRegression


def test_ridge_is_the_solution_of_the_normal_equations() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 5)), rng.normal(size=(40, 2))
    model = RidgeRegression(penalty=3.0).fit(x, y)
    z = (x - x.mean(0)) / x.std(0)
    weight = np.linalg.solve(z.T @ z + 3.0 * np.eye(5), z.T @ (y - y.mean(0)))
    np.testing.assert_allclose(model.predict(x), z @ weight + y.mean(0), atol=1e-10)


def test_without_a_penalty_a_plane_is_found_even_with_more_features_than_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3))
    y = x @ rng.normal(size=(3, 1)) + 2
    np.testing.assert_allclose(RidgeRegression(0.0).fit(x, y).predict(x), y, atol=1e-9)
    wide = rng.normal(size=(5, 20))
    assert np.isfinite(RidgeRegression(0.0).fit(wide, y[:5]).predict(wide)).all()


def test_logistic_regression_is_at_its_minimum() -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(60, 4)), rng.integers(0, 3, 60)
    model = LogisticRegression(3, penalty=2.0).fit(x, labels)
    z = (x - x.mean(0)) / x.std(0)
    errors = np.exp(model.log_probs(x)) - np.eye(3)[labels]
    gradient = z.T @ errors + 2.0 * model._weight.detach().numpy()
    assert np.abs(gradient).max() < 1e-2 and np.abs(errors.sum(0)).max() < 1e-2


def test_a_feature_that_never_changes_does_no_harm() -> None:
    x = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    found = LogisticRegression(2).fit(x, np.array([0, 0, 1, 1])).log_probs(x + np.array([0, 100]))
    assert found.argmax(1).tolist() == [0, 0, 1, 1]
    assert RidgeRegression(0.0).fit(x, x[:, :1]).predict(x + np.array([0, 9]))[
        2, 0
    ] == pytest.approx(2.0)
