from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.translator_config import TranslatorConfig


def test_it_has_what_every_decoder_has_and_one_key_more() -> None:
    config = load_config(TranslatorConfig, None, {"decoder_layers": 3, "share_embeddings": True})
    assert config.decoder_layers == 3 and config.share_embeddings
    with pytest.raises(ConfigError, match="encoder gives 512 and the decoder 256"):
        load_config(TranslatorConfig, None, {"attention": "dot"})
