"""Checks of what a layer is built with: one clear error instead of a strange shape later."""

from __future__ import annotations

from elman._errors import ConfigError, ElmanError

__all__ = ["OptionTypeError", "check_bool", "check_rate", "check_size"]


class OptionTypeError(ElmanError, TypeError):
    """An argument of a constructor has the wrong type."""


def check_size(name: str, value: object, least: int = 1) -> None:
    """Raise unless ``value`` is a whole number of at least ``least``."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise OptionTypeError(f"{name}: expected an int, got {value!r} ({type(value).__name__})")
    if value < least:
        raise ConfigError(f"{name}: expected at least {least}, got {value}")


def check_bool(name: str, value: object) -> None:
    """Raise unless ``value`` is True or False."""
    if not isinstance(value, bool):
        raise OptionTypeError(f"{name}: expected a bool, got {value!r} ({type(value).__name__})")


def check_rate(name: str, value: object, *, one: bool = False) -> float:
    """Return ``value`` as a float; raise unless it is a rate from 0 up to (or to) 1."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if not numeric or not (0 <= value < 1 or (one and value == 1)):  # type: ignore[operator]
        raise ConfigError(f"{name}: expected a number in [0, 1{']' if one else ')'}, got {value!r}")
    return float(value)  # type: ignore[arg-type]
