"""Every error that elman raises on purpose: one tree, each class also the matching builtin.

An error message says what was expected, what came, where, and what to do. The command turns
any `ElmanError` into one line on stderr and the class's `exit_code`; anything else is a bug in
elman and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BackendUnavailable",
    "ConfigError",
    "DataError",
    "DtypeError",
    "ElmanError",
    "ElmanWarning",
    "RunError",
    "ShapeError",
    "StepperBusy",
    "TrainingDiverged",
    "UnknownName",
    "did_you_mean",
]


class ElmanError(Exception):
    """Base of all errors that elman raises on purpose."""

    exit_code = 2


class ElmanWarning(UserWarning):
    """What a person should know, though the work goes on: the command prints it on stderr."""


class ShapeError(ElmanError, ValueError):
    """A tensor's shape does not fit the layer it was given to."""


class DtypeError(ElmanError, TypeError):
    """A tensor's dtype or device does not fit the layer it was given to."""


class BackendUnavailable(ElmanError, RuntimeError):
    """The backend asked for by name cannot serve this call; the message says why."""


class ConfigError(ElmanError, ValueError):
    """A configuration key or value is wrong; the message names the key and its file."""


class DataError(ElmanError, ValueError):
    """A data file is wrong; the message names the file and the line or byte."""


class RunError(ElmanError, OSError):
    """A run directory is missing, damaged, or cannot be written."""


class StepperBusy(ElmanError, RuntimeError):
    """Two threads use one stepper at once."""


class UnknownName(ElmanError, KeyError):
    """A name is not in a registry; the message lists what is."""

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0])


class TrainingDiverged(ElmanError, ArithmeticError):
    """Loss or gradient stayed non-finite; the last good parameters are kept."""

    exit_code = 3


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known name, or an empty string.

    Example:
        >>> did_you_mean("hiden_size", ["hidden_size", "input_size"])
        "; did you mean 'hidden_size'?"
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
