from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.captioner_config import CaptionerConfig


def test_it_is_a_decoder_of_its_own_sizes() -> None:
    config = load_config(CaptionerConfig, None, {"decoder_layers": 2})
    assert (config.hidden_size, config.num_layers, config.decoder_layers) == (128, 1, 2)
    with pytest.raises(ConfigError, match="'attention' = 'dot': input should be 'multiplicative'"):
        load_config(CaptionerConfig, None, {"attention": "dot"})
    with pytest.raises(ConfigError, match="unknown key 'share_embeddings'"):
        load_config(CaptionerConfig, None, {"share_embeddings": True})
