from __future__ import annotations

from typing import Any

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.data.video.config import VideoConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"frames": 10, "frames_per_s": 5}, "frames and frames_per_s"),
        ({"frames": 10, "max_frames": 5}, "at most max_frames = 5"),
        ({"frames_per_s": 0}, "greater than 0"),
        ({"size": (0, 10)}, "size"),
        ({"channels": ()}, "at least one convolution"),
        ({"valid_groups": ("1",), "test_groups": ("1", "2")}, "'1' is both"),
        ({"valid": "v.csv", "valid_groups": ("1",)}, "valid and valid_groups"),
        ({"color": "sepia"}, "color"),
        ({"frame_per_s": 3}, "did you mean 'frames_per_s'"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(VideoConfig, None, values)


def test_groups_may_be_numbers() -> None:
    config = VideoConfig(valid_groups=(7,), test_groups=("2", 4))  # type: ignore[arg-type]
    assert config.valid_groups == ("7",) and config.test_groups == ("2", "4")
    assert config.held_out() == (0.0, 0.0)


def test_a_rate_or_a_number_of_frames() -> None:
    assert VideoConfig().rate == 10 and VideoConfig(frames_per_s=4).rate == 4
    assert VideoConfig(frames=20).rate is None and VideoConfig(color="rgb").planes == 3
