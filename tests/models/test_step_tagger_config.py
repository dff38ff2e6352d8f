"""The keys of a step tagger are a body's, with defaults that fit steps."""

from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.step_tagger_config import StepTaggerConfig


def test_defaults_are_accepted() -> None:
    config = StepTaggerConfig()
    assert (config.num_layers, config.bidirectional, config.output) == (1, True, "softmax")


def test_what_is_unknown_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'output' = 'ctc'.*softmax.*crf"):
        load_config(StepTaggerConfig, None, {"output": "ctc"})
    with pytest.raises(ConfigError, match="did you mean 'bidirectional'"):
        load_config(StepTaggerConfig, None, {"bidirectionl": True})
