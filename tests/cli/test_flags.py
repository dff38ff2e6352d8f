from __future__ import annotations

from pydantic import Field

from elman._config import Config
from elman.cli.flags import flags, given


class Knobs(Config):
    """Knobs."""

    size: int = Field(default=4, ge=1)
    """How large."""
    deep: bool = True
    """Whether deep."""
    limit: int | None = None
    """Where to end."""


def test_only_what_was_given_is_passed_on() -> None:
    Flags = flags(Knobs)
    assert given(Flags(size=3)) == {"size": 3}
    assert given(Flags()) == {}
    assert given(None) == {}


def test_help_shows_the_default_of_the_configuration() -> None:
    fields = flags(Knobs).model_fields
    assert fields["size"].description == "How large. [default: 4]"
    assert fields["deep"].description == "Whether deep. [default: true]"
    assert fields["limit"].description == "Where to end."


def test_checks_are_left_to_the_configuration() -> None:
    assert given(flags(Knobs)(size=-5)) == {"size": -5}
