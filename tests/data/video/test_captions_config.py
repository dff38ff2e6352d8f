from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.data.video.captions_config import CaptionedConfig


def test_it_is_video_with_a_column_more_and_one_less() -> None:
    config = load_config(CaptionedConfig, None, {"caption": "de", "frames": 8})
    assert config.caption == "de" and config.rate is None
    with pytest.raises(ConfigError, match="name their column with caption"):
        load_config(CaptionedConfig, None, {"label": "de"})
