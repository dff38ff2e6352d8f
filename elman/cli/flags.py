"""Flags from configurations: ``--model.hidden-size 512`` for every key that TOML knows.

Flags state only what the user gave; defaults and checks that look at several keys belong to the
configuration, after the file and the flags have been laid over each other.
"""

from __future__ import annotations

from typing import Any

from cyclopts import CycloptsError
from pydantic import BaseModel, Field, ValidationError, create_model

from elman._config import Config

__all__ = ["flags", "given", "plain"]


def flags(config: type[Config]) -> type[BaseModel]:
    """Return a model with the keys of ``config``, all optional, for the command line."""
    fields: dict[str, Any] = {}
    for name, field in config.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default in (None, (), []) else f" [default: {shorthand(default)}]"
        fields[name] = (
            field.annotation | None,  # type: ignore[operator]  # a type, at run time
            Field(default=None, description=f"{field.description or ''}{shown}".replace("`", "")),
        )
    return create_model(f"{config.__name__}Flags", **fields)


def shorthand(value: object) -> str:
    """Return a default as a person would type it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def given(model: BaseModel | None) -> dict[str, Any]:
    """Return the flags that the user gave."""
    return {} if model is None else model.model_dump(exclude_unset=True)


def plain(error: CycloptsError) -> str:
    """Return a command-line error as plain text, one line for each mistake."""
    cause = error.__cause__ or error.__context__
    if not isinstance(cause, ValidationError):
        return str(error)
    argument = getattr(error, "argument", None)
    table = f"{argument.name}." if argument is not None else "--"
    lines = []
    for detail in cause.errors():
        key = str(detail["loc"][0]) if detail["loc"] else ""
        message = detail["msg"][:1].lower() + detail["msg"][1:]
        lines.append(f"{table}{key.replace('_', '-')} {detail['input']}: {message}")
    return "\n".join(dict.fromkeys(lines))
