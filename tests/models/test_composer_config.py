"""One configuration for both kinds of models of music."""

from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.composer_config import ComposerConfig
from elman.models.config import BodyConfig


def test_the_body_is_passed_on() -> None:
    config = ComposerConfig(
        cell="gru", hidden_size=7, num_layers=3, dropout_hidden=0.4, zoneout=0.1
    )
    for model in (config.language_model(), config.roll_model()):
        for name in BodyConfig.model_fields:
            assert getattr(model, name) == getattr(config, name)


def test_what_is_unset() -> None:
    assert ComposerConfig().language_model().embedding_size == 128
    roll = ComposerConfig().roll_model()
    assert (roll.embedding_size, roll.dropout_keys, roll.direct) == (None, 0.0, True)
    roll = ComposerConfig(embedding_size=5, dropout_keys=0.2, direct=False).roll_model()
    assert (roll.embedding_size, roll.dropout_keys, roll.direct) == (5, 0.2, False)


def test_rates_are_rates() -> None:
    with pytest.raises(ConfigError, match="dropout_keys"):
        load_config(ComposerConfig, None, {"dropout_keys": 1.0})
