"""The kinds of data that are tagged, by name; a kind's code is imported when it is needed."""

from __future__ import annotations

import importlib
from typing import Any

from elman._errors import ConfigError
from elman.tasks.tag.config import TABLES, WORDS_ALONE, TagTask
from elman.tasks.tag.kind import TagKind

__all__ = ["KINDS", "kind_of", "settled"]

KINDS: dict[str, str] = {}
"""Where each kind that is read step by step lives in this package; sentences are no such kind."""


def kind_of(name: str) -> type[TagKind[Any]]:
    """Return the class of a kind."""
    module, _, attribute = KINDS[name].partition(".")
    found: type[TagKind[Any]] = getattr(
        importlib.import_module(f"elman.tasks.tag.{module}"), attribute
    )
    return found


def settled(task: TagTask) -> TagTask:
    """Return a task whose kind of data is known, and all that depends on it.

    Raises:
        ConfigError: If something is set that has no effect on this kind.
    """
    name: str = task.input
    if name == "auto":
        name = next((kind for kind in KINDS if kind_of(kind).recognises(task.data)), "text")
    noun = "sentences" if name == "text" else kind_of(name).noun
    for table, owner in TABLES.items():
        if owner != name and getattr(task, table) is not None:
            raise ConfigError(
                f"{table}: has no effect on {noun}. Leave it out, or say --input {owner}"
            )
    task = task.model_copy(update={"input": name})
    if name == "text":
        return task
    usual = type(task.model).model_fields
    unused = [key for key in WORDS_ALONE if getattr(task.model, key) != usual[key].default]
    if unused:
        raise ConfigError(f"model.{unused[0]}: has no effect on {noun}. Leave it out")
    if task.model.output is None:
        model = task.model.model_copy(update={"output": "softmax"})
        task = task.model_copy(update={"model": model})
    return kind_of(name).settled(task)
