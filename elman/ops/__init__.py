"""Equations and kernels, no parameters: a cell's step, and the kernels that run it over time.

Read `reference.py` first, then `steps.py`, then `recurrence.py`.
"""

from elman.ops.call import Call, Result, Trace, Weights
from elman.ops.recurrence import Explanation, explain, recurrence, recurrence_trace
from elman.ops.scan import scan
from elman.ops.steps import CELLS, CellSpec, State

__all__ = [
    "CELLS",
    "Call",
    "CellSpec",
    "Explanation",
    "Result",
    "State",
    "Trace",
    "Weights",
    "explain",
    "recurrence",
    "recurrence_trace",
    "scan",
]
