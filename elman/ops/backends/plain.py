"""The reference loop as a backend: serves everything."""

from __future__ import annotations

from elman.ops import reference
from elman.ops.call import Call, Result, Trace

__all__ = ["Reference"]


class Reference:
    """`ops.reference`, slow and complete."""

    exact = True

    def refuses(self, call: Call) -> str | None:
        """Refuse nothing."""
        return None

    def declines(self, call: Call) -> str | None:
        """Decline nothing: it is the last resort."""
        return None

    def run(self, call: Call) -> Result:
        """Run the loop."""
        return reference.run(call)

    def trace(self, call: Call) -> tuple[Result, Trace]:
        """Run the loop and keep what it sees."""
        return reference.trace(call)
