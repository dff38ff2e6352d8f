from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.data.config import TextConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tokenizer": "chars"}, "tokenizer"),
        ({"encoding": "utf-9"}, "not a text encoding"),
        ({"encoding": "hex"}, "not a text encoding"),
        ({"tokenizer": "byte", "vocab_size": 100}, "256 tokens"),
        ({"tokenizer": "bpe", "vocab_size": 100}, "starts from all bytes"),
        ({"tokenizer": "char", "word_split": "spaces"}, "no effect"),
        ({"valid_fraction": 0.5, "test_fraction": 0.5}, "must leave data to train on"),
        ({"valid_fraction": -0.1}, "valid_fraction"),
        ({"min_count": 0}, "min_count"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(TextConfig, None, values)


def test_toml_round_trip(tmp_path: Path) -> None:
    config = TextConfig(tokenizer="word", vocab_size=9, word_split="spaces", valid="v.txt")
    (tmp_path / "c.toml").write_text(to_toml(config))
    assert load_config(TextConfig, tmp_path / "c.toml") == config


def test_a_file_takes_the_place_of_a_fraction() -> None:
    assert TextConfig(valid="v.txt", test_fraction=0.2).held_out() == (0.0, 0.2)
