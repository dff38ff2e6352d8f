from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.classifier_config import ClassifierConfig, TokenClassifierConfig


def test_a_body_is_configured_as_in_every_model() -> None:
    config = TokenClassifierConfig(cell="gru", num_layers=2, dropout_hidden=0.3)
    assert config.dropout_hidden == 0.3
    with pytest.raises(ConfigError, match="nothing is between the layers"):
        load_config(ClassifierConfig, None, {"dropout_hidden": 0.3})


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(ConfigError, match="'last', 'mean', 'max', 'attention' or 'centre'"):
        load_config(ClassifierConfig, None, {"pooling": "median"})


def test_centre_pooling_reads_both_sides() -> None:
    assert ClassifierConfig(pooling="centre").bidirectional
    with pytest.raises(ConfigError, match="only half of the sequence"):
        load_config(ClassifierConfig, None, {"pooling": "centre", "bidirectional": False})
