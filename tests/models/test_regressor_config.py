from __future__ import annotations

from elman.models.regressor_config import RegressorConfig


def test_it_is_smaller_and_calmer_than_a_classifier() -> None:
    config = RegressorConfig()
    assert (config.hidden_size, config.dropout, config.output) == (64, 0.1, "number")
