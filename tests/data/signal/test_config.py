from __future__ import annotations

from typing import Any

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.data.signal.config import SignalConfig


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"group": "a", "group_pattern": "(b)"}, "give one of them"),
        ({"group_pattern": "abc"}, "brackets"),
        ({"group_pattern": "(abc"}, "brackets"),
        ({"valid": "a.csv", "valid_groups": ["1"]}, "valid and valid_groups"),
        ({"valid_groups": ["1"], "test_groups": ["1"]}, "both in valid_groups and in test_groups"),
        ({"by_time": True, "test_groups": ["1"]}, "by_time"),
        ({"stride": 3}, "stride has no effect"),
        ({"centre": 1}, "centre needs coordinates"),
        ({"coordinates": 2, "augment_rotate": 10.0}, "coordinates = 3"),
        ({"up": "z"}, "up has no effect"),
        ({"window": 1}, "window"),
    ],
)
def test_what_has_no_effect_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(SignalConfig, None, wrong)


def test_groups_may_be_numbers_and_nothing_is_drawn_for_them() -> None:
    config = load_config(SignalConfig, None, {"valid_groups": [7], "test_groups": [2, "4"]})
    assert config.valid_groups == ("7",) and config.test_groups == ("2", "4")
    assert config.held_out() == (0.0, 0.0)


def test_it_survives_toml() -> None:
    import tomllib

    config = SignalConfig(window=8, stride=4, coordinates=3, centre=2, missing="decay")
    assert load_config(SignalConfig, None, tomllib.loads(to_toml(config))) == config
