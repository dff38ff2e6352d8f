"""`elman bench`: elman's kernels beside what others offer, in one process, row by row.

A part (`layers.py`, `step.py`, `options.py`, `memory.py`, `recipe.py`, `overhead.py`) is a list of
cases; `run.py` runs them and keeps what was measured; `targets.py` is the only place of targets.
"""
