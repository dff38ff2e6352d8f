"""Options of music fit together."""

from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.data.music.config import MusicConfig


def test_the_grid_follows_the_form() -> None:
    assert MusicConfig().grid == 12
    assert MusicConfig(form="roll").grid == 4
    assert MusicConfig(form="roll", steps_per_beat=1).grid == 1


@pytest.mark.parametrize(
    "key", [{"velocities": 4}, {"tempos": 1}, {"keys": False}, {"styles": False}]
)
def test_what_a_roll_does_not_have_is_refused(key: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(key))} has no effect on form = 'roll'"):
        load_config(MusicConfig, None, {"form": "roll", **key})


def test_held_out_parts_must_leave_something() -> None:
    with pytest.raises(ConfigError, match="must leave data"):
        load_config(MusicConfig, None, {"valid_fraction": 0.6, "test_fraction": 0.5})
