"""What a backend must answer: can you serve this call, run it, and show its inside."""

from __future__ import annotations

from typing import Protocol

from elman.ops.call import Call, Result, Trace

__all__ = ["Backend"]


class Backend(Protocol):
    """A way to run a recurrence. A backend that refuses says why; it never half-serves.

    Attributes:
        exact: Whether its results are as precise as the dtype allows.
        skips_padding: Whether it never reads x beyond the lengths, so that nothing need be hidden.
    """

    exact: bool
    skips_padding: bool

    def refuses(self, call: Call) -> str | None:
        """Return why this backend cannot serve the call, or ``None`` if it can."""

    def declines(self, call: Call) -> str | None:
        """Return why ``auto`` should look further though this backend can serve, or ``None``."""

    def run(self, call: Call) -> Result:
        """Run the call."""

    def trace(self, call: Call) -> tuple[Result, Trace]:
        """Run the call and return every gate and state too."""
