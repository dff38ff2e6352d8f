"""Options of a transcriber that would have no effect are refused."""

from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.models.transcriber_config import AugmentConfig, TranscriberConfig

WRONG = {
    "lookahead": ({"lookahead": 3}, "has no effect unless streaming"),
    "utterance": ({"streaming": True, "normalise": "utterance"}, "needs the whole recording"),
    "hop": ({"hop_ms": 30.0}, "is longer than window_ms"),
    "subsampling": ({"subsampling": 3}, "expected 1, 2, 4 or 8"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_has_no_effect_is_refused(case: str) -> None:
    values, message = WRONG[case]
    with pytest.raises(ConfigError, match=message):
        load_config(TranscriberConfig, None, values)


def test_widths_without_masks_are_refused() -> None:
    with pytest.raises(ConfigError, match="time_width.*has no effect while time_masks is 0"):
        load_config(AugmentConfig, None, {"time_masks": 0, "time_width": 0.3})
    with pytest.raises(ConfigError, match="has no effect while frequency_masks is 0"):
        load_config(AugmentConfig, None, {"frequency_masks": 0, "frequency_width": 0.3})
    assert load_config(AugmentConfig, None, {"frequency_masks": 0}).time_masks == 2
