"""What a configuration of recordings refuses."""

from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.data.audio.config import AudioConfig

WRONG = {
    "no text": ({"pattern": "{speaker}_{}.wav"}, "expected {text} once"),
    "two texts": ({"pattern": "{text}_{text}.wav"}, "expected {text} once"),
    "odd name": ({"pattern": "{text}_{a b}.wav"}, "expected plain names"),
    "twice": ({"pattern": "{text}_{a}_{a}.wav"}, "expected plain names"),
    "no speed": ({"speed": []}, "expected at least one speed"),
    "too fast": ({"speed": [3.0]}, "less than or equal to 2"),
    "rate": ({"rate": 10}, "greater than or equal to 1000"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(case: str) -> None:
    values, message = WRONG[case]
    with pytest.raises(ConfigError, match=message):
        load_config(AudioConfig, None, values)


def test_what_is_usual() -> None:
    config = AudioConfig(pattern="{text}/{speaker}_{}_{}.wav")
    assert config.held_out() == (0.1, 0.1) and config.speed == (0.9, 1.0, 1.1)
