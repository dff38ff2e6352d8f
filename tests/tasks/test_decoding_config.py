from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.tasks.caption.config import CaptionEval, CaptionPredict
from elman.tasks.decoding_config import Decoding
from elman.tasks.translate.config import TranslateEval, TranslatePredict


@pytest.mark.parametrize(
    "kind", [Decoding, TranslateEval, TranslatePredict, CaptionEval, CaptionPredict]
)
def test_a_penalty_without_a_beam_is_refused(kind: type[Decoding]) -> None:
    with pytest.raises(ConfigError, match="chooses among the hypotheses of a beam; give beam > 1"):
        load_config(kind, None, {"length_penalty": 1.0})
    assert load_config(kind, None, {"length_penalty": 1.0, "beam": 2}).length_penalty == 1.0
    with pytest.raises(ConfigError, match="'beam' = 0"):
        load_config(kind, None, {"beam": 0})
