"""A tagger of steps takes of the model's keys those that it knows."""

from __future__ import annotations

from elman._config import load_config
from elman.tasks.tag.config import TagTask
from elman.tasks.tag.kind import step_config


def test_step_config_has_what_was_said() -> None:
    model = {"hidden_size": 7, "output": "softmax", "bidirectional": False}
    config = step_config(load_config(TagTask, None, {"model": model}))
    assert (config.hidden_size, config.output, config.bidirectional) == (7, "softmax", False)
