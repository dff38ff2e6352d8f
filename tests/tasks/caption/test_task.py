from __future__ import annotations

from elman.tasks.caption.run import CaptionRun
from elman.tasks.caption.training import CaptionTraining
from elman.tasks.registry import TASKS


def test_the_registry_finds_it() -> None:
    home = TASKS["caption"]
    assert home.training is CaptionTraining and home.run is CaptionRun
    assert home.config.model_fields["task"].default == "caption"
    assert home.options("eval") is not None and home.options("predict") is not None
