"""A listener lets go of what it holds, come what may."""

import pytest

from elman.train.events import Event
from elman.train.listener import Listener


class Holding(Listener):
    held = True

    def __call__(self, event: Event) -> None:
        raise RuntimeError("full")

    def close(self) -> None:
        self.held = False


def test_an_error_closes_it() -> None:
    listener = Holding()
    with pytest.raises(RuntimeError, match="full"), listener as entered:
        entered(Event(step=1))
    assert not listener.held
