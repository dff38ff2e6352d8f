from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.attention_decoder_config import AttentionDecoderConfig


def test_knobs_without_an_effect_are_refused() -> None:
    with pytest.raises(ConfigError, match="'attention_size' = 64: only attention = 'additive'"):
        load_config(AttentionDecoderConfig, None, {"attention_size": 64})
    additive = {"attention": "additive", "attention_size": 64}
    assert load_config(AttentionDecoderConfig, None, additive)


def test_dot_attention_needs_equal_sizes() -> None:
    with pytest.raises(
        ConfigError, match="encoder gives 512 and the decoder 256: set decoder_size"
    ):
        load_config(AttentionDecoderConfig, None, {"attention": "dot"})
    assert load_config(AttentionDecoderConfig, None, {"attention": "dot", "decoder_size": 512})
    assert load_config(AttentionDecoderConfig, None, {"attention": "dot", "bidirectional": False})


def test_an_unknown_attention_names_the_known() -> None:
    with pytest.raises(ConfigError, match="'attention' = 'aditive'.*'additive'"):
        load_config(AttentionDecoderConfig, None, {"attention": "aditive"})
