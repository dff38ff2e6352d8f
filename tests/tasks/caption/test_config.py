from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.tasks.caption.config import CaptionPredict, CaptionTask


def test_it_trains_without_a_file() -> None:
    task = load_config(CaptionTask, None, {})
    assert task.data == "moving-digits" and task.train.minutes == 10


def test_captions_are_no_labels() -> None:
    assert load_config(CaptionTask, None, {"video": {"caption": "de"}}).video.caption == "de"
    with pytest.raises(ConfigError, match="name their column with caption"):
        load_config(CaptionTask, None, {"video": {"label": "de"}})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every_s": 1.0}, "every_s is read with stream alone"),
        ({"window_s": 1.0}, "window_s is read with stream alone"),
        ({"attention": True, "format": "json"}, "the JSON has it already"),
        ({"stream": True, "every_s": 0.0}, "'every_s' = 0.0"),
    ],
)
def test_options_without_an_effect_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(CaptionPredict, None, options)
