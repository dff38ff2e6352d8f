"""The reference loop as a backend: serves everything."""

from __future__ import annotations

import elman.ops.reference as reference
from elman.ops.call import Call, Result, Trace

__all__ = ["Reference"]


class Reference:
    """`ops.reference`, slow and complete."""

    exact = True
    skips_padding = False

    def refuses(self, call: Call) -> str | None:
        """Refuse nothing."""
        return None

    def declines(self, call: Call) -> str | None:
        """Decline nothing: it is the last that is asked."""
        return None

    def run(self, call: Call) -> Result:
        """Run the loop."""
        return reference.run(call)

    def trace(self, call: Call) -> tuple[Result, Trace]:
        """Run the loop and keep what it sees."""
        return reference.trace(call)
