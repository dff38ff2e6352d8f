"""Options of transcription that would have no effect are refused."""

from __future__ import annotations

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.tasks.transcribe.config import TranscribeEval, TranscribePredict, TranscribeTask

WRONG = {
    "lm": ({"lm": "run"}, "lm has no effect without a beam"),
    "bonus": ({"letter_bonus": 0.5}, "letter_bonus has no effect without a beam"),
    "weight": ({"beam": 4, "lm_weight": 0.3}, "lm_weight has no effect without a language model"),
    "follow": ({"follow": True}, "follow needs stream"),
    "idle": ({"stream": True, "idle_s": 3.0}, "idle_s has no effect without follow"),
    "beam": ({"stream": True, "beam": 4}, "beam needs the whole recording"),
    "page": ({"stream": True, "html": "a.html"}, "html needs the whole recording"),
    "srt": ({"stream": True, "format": "srt"}, "format srt needs the whole recording"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_has_no_effect_is_refused(case: str) -> None:
    values, message = WRONG[case]
    with pytest.raises(ConfigError, match=message):
        load_config(TranscribePredict, None, values)


def test_what_is_usual() -> None:
    task = TranscribeTask()
    assert task.data == "dialled" and task.train.select == "cer"
    assert TranscribeEval(beam=8, lm="run", lm_weight=0.3).beam == 8
