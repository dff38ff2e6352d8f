"""What every kind of input shares: it says plainly what it cannot do."""

from __future__ import annotations

import pytest

from elman._errors import ConfigError
from elman.tasks.classify.examples import Named
from elman.tasks.classify.kind import Kind
from elman.tasks.classify.kinds import KINDS, kind_of
from elman.tasks.classify.text import TextKind


class Plain(TextKind):
    noun, steps = "clips", "frames"
    arriving = Kind.arriving
    item_steps = Kind.item_steps


def test_a_kind_that_cannot_stream_or_explain_says_so() -> None:
    kind = Plain.__new__(Plain)
    with pytest.raises(ConfigError, match="clips are not read piece by piece"):
        kind.arriving("a.mp4")
    with pytest.raises(ConfigError, match="nothing to write for a step of clips"):
        kind.item_steps(Named("a.mp4", b""))  # type: ignore[arg-type]  # of any content


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_knows_its_name(name: str) -> None:
    kind = kind_of(name)
    assert kind.name == name and kind.noun and kind.steps and kind.takes in ("lines", "files")
