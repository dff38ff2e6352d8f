"""Typed configuration: strict pydantic models, read from TOML and flags, written back as TOML.

A wrong key or value is one `ConfigError` that lists every mistake, each with where it stands,
what is allowed and the nearest known name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from elman._errors import ConfigError, did_you_mean

__all__ = ["Config", "load_config", "table_of", "to_toml"]

C = TypeVar("C", bound="Config")


class Config(BaseModel):
    """Base of all configurations: unknown keys are refused, values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


def load_config(
    cls: type[C], path: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> C:
    """Build a configuration from a TOML file and overrides, which win.

    Args:
        cls: The configuration's class.
        path: A TOML file, or ``None`` for defaults alone.
        overrides: Nested values, as from the command line: ``{"train": {"lr": 0.1}}``.

    Raises:
        ConfigError: If the file is missing or not TOML, or a key or value is wrong; all
            mistakes are listed at once.
    """
    values = {} if path is None else read_toml(path)
    try:
        return cls.model_validate(merged(values, overrides or {}))
    except ValidationError as error:
        where = f"{path}: " if path else ""
        raise ConfigError(
            "\n".join(where + explain(cls, detail) for detail in error.errors())
        ) from None


def to_toml(config: Config) -> str:
    """Return a configuration as TOML; keys whose value is ``None`` are left out."""
    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text at byte {error.start}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}") from None


def merged(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``top`` laid over it, table by table."""
    result = dict(base)
    for key, value in top.items():
        below = result.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]  # mappings
    return result


def explain(cls: type[Config], detail: ErrorDetails) -> str:
    """Say one mistake in one line: the key, what came, what is wanted, the nearest name."""
    *tables, last = (str(part) for part in detail["loc"]) if detail["loc"] else ("",)
    key = ".".join([*tables, last])
    if detail["type"] == "extra_forbidden":
        known = fields_at(cls, tables)
        hint = did_you_mean(last, known) or f". Known: {', '.join(known)}"
        return f"unknown key '{key}'{hint}"
    if detail["type"] == "missing":
        return f"'{key}' is missing"
    message = detail["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if isinstance(detail["input"], Mapping):  # the table as a whole is wrong, not one value
        return f"[{key}] {message}" if key else message
    if detail["input"] is None:
        return f"'{key}': {message}"
    return f"'{key}' = {detail['input']!r}: {message}"


def fields_at(cls: type[Config], tables: list[str]) -> list[str]:
    """Return the field names of the table reached by ``tables``."""
    for table in tables:
        field = cls.model_fields.get(table)
        if field is None or (below := table_of(field.annotation)) is None:
            return []
        cls = below
    return list(cls.model_fields)


def table_of(annotation: Any) -> type[Config] | None:
    """Return the configuration that a key holds, also one that may be left out; None: a value."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Config):
            return kind
    return None
