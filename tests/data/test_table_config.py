from __future__ import annotations

from pathlib import Path

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.data.table_config import ColumnsConfig, LabelledConfig


def test_toml_round_trip(tmp_path: Path) -> None:
    for config in (
        ColumnsConfig(text=("a", "b"), label="c", header=False, delimiter="\t"),
        LabelledConfig(tokenizer="char", max_length=9, valid="v.csv"),
    ):
        (tmp_path / "c.toml").write_text(to_toml(config))
        assert load_config(type(config), tmp_path / "c.toml") == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tokenizer": "char", "word_split": "words"}, "no effect on the char tokenizer"),
        ({"valid_fraction": 0.6, "test_fraction": 0.4}, "leave data to train on"),
        ({"max_length": 0}, "max_length"),
        ({"max_lenght": 5}, "did you mean 'max_length'"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(LabelledConfig, None, values)


def test_a_delimiter_is_one_sign() -> None:
    with pytest.raises(ConfigError, match="delimiter"):
        load_config(ColumnsConfig, None, {"delimiter": "||"})
