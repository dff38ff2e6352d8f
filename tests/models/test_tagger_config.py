"""The knobs of a tagger."""

from __future__ import annotations

from typing import Any

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.tagger_config import TaggerConfig


def test_a_width_that_nothing_reads_is_refused() -> None:
    assert TaggerConfig(characters="cnn", character_width=5).character_width == 5
    with pytest.raises(ConfigError, match="has no effect unless characters = 'cnn'"):
        load_config(TaggerConfig, None, {"character_width": 5})


def test_unknown_output() -> None:
    with pytest.raises(ConfigError, match="'output' = 'hmm'"):
        load_config(TaggerConfig, None, {"output": "hmm"})


@pytest.mark.parametrize(
    "values",
    [
        {"characters": "none", "character_size": 9},
        {"characters": "none", "character_units": 9},
        {"output": "softmax", "constrain": False},
    ],
)
def test_keys_without_effect_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="has no effect"):
        load_config(TaggerConfig, None, values)
