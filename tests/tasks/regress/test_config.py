from __future__ import annotations

from typing import Any

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.tasks.regress.config import RegressPredict, RegressTask


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"train": {"huber_delta": 2.0}}, "huber_delta has no effect"),
        ({"train": {"loss": "mse"}, "model": {"output": "normal"}}, "by its likelihood"),
        ({"train": {"loss": "mae"}}, "loss"),
    ],
)
def test_what_has_no_effect_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(RegressTask, None, wrong)


def test_the_loss_follows_the_output() -> None:
    assert RegressTask().loss == "mse"
    assert load_config(RegressTask, None, {"train": {"loss": "huber"}}).loss == "huber"
    assert load_config(RegressTask, None, {"model": {"output": "normal"}}).loss == "normal"


def test_a_stream_has_no_chunks() -> None:
    with pytest.raises(ConfigError, match="chunk has no effect on stream"):
        load_config(RegressPredict, None, {"stream": True, "chunk": 3})
