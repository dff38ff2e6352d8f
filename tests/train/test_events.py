from __future__ import annotations

import dataclasses

import pytest

from elman.train import events


@pytest.mark.parametrize("name", [n for n in events.__all__ if n != "Event"])
def test_every_event_is_frozen_and_has_a_step(name):
    kind = getattr(events, name)
    assert issubclass(kind, events.Event)
    assert next(iter(field.name for field in dataclasses.fields(kind))) == "step"
    event = kind(*[0] * len(dataclasses.fields(kind)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.step = 1
