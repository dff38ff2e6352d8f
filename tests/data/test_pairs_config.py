from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.data.pairs_config import PairsConfig, SequenceConfig


def test_a_target_file_needs_its_source() -> None:
    with pytest.raises(ConfigError, match="valid_target needs the source side as well: give valid"):
        load_config(PairsConfig, None, {"valid_target": "val.en"})
    assert load_config(PairsConfig, None, {"valid": "a", "valid_target": "b"}).valid_target == "b"


def test_words_need_no_package_and_other_tokens_are_refused() -> None:
    assert SequenceConfig().tokenizer is None
    assert load_config(SequenceConfig, None, {"word_split": "plain"}).tokenizer == "word"
    with pytest.raises(ConfigError, match="'tokenizer' = 'sylable'"):
        load_config(SequenceConfig, None, {"tokenizer": "sylable"})
