"""The keys of series: what cannot be meant is refused before a file is opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.data.series.config import SeriesConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"frequency": "fortnight"}, "no frequency 'fortnight'. Known: auto, ms"),
        ({"valid_size": 1.5}, "valid_size = 1.5: expected whole steps, or a part below 1"),
        ({"valid_size": 0.5, "test_size": 0.5}, "must leave steps to train on"),
        ({"targets": ["y"], "past": ["y"]}, "column 'y' is both targets and past"),
        ({"targets": ["ds"], "time_column": "ds"}, "column 'ds' is both targets and time_column"),
        ({"season": 0}, "greater than or equal to 1"),
        ({"fill": "mean"}, "'linear', 'last', 'zero' or 'none'"),
        ({"test_size": -1}, "greater than or equal to 0"),
        ({"encoding": "klingon"}, "not a text encoding"),
    ],
)
def test_mistakes_are_told(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_config(SeriesConfig, None, values)


def test_a_number_is_a_frequency_of_steps() -> None:
    assert load_config(SeriesConfig, None, {"frequency": 5}).frequency == "5"


def test_toml_and_back(tmp_path: Path) -> None:
    config = SeriesConfig(targets=("a", "b"), test_size=48, season=168, frequency="15min")
    (tmp_path / "a.toml").write_text(to_toml(config))
    assert load_config(SeriesConfig, tmp_path / "a.toml") == config
