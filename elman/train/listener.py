"""Who listens to a training: a callable on events that may hold something open."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from elman.train.events import Event

__all__ = ["Listener"]


class Listener:
    """Base of listeners; as a context manager it closes what it holds, come what may.

    Example:
        >>> from elman.train.events import Event
        >>> class Count(Listener):
        ...     seen = 0
        ...     def __call__(self, event):
        ...         self.seen += 1
        >>> with Count() as count:
        ...     count(Event(step=1))
        >>> count.seen
        1
    """

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
