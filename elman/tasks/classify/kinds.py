"""The kinds of input by name; a kind's code is imported when it is needed."""

from __future__ import annotations

import importlib
from typing import Any

from elman._errors import ConfigError
from elman.tasks.classify.config import EMBEDS, TABLES, ClassifyTask
from elman.tasks.classify.kind import Kind

__all__ = ["KINDS", "kind_of", "settled"]

KINDS = {
    "text": "text.TextKind",
    "dna": "dna.DnaKind",
    "video": "video.VideoKind",
    "signal": "signal.SignalKind",
}
"""Where each kind lives in this package; `text` is what no other recognises."""


def kind_of(name: str) -> type[Kind[Any]]:
    """Return the class of a kind of input."""
    module, _, attribute = KINDS[name].partition(".")
    found: type[Kind[Any]] = getattr(
        importlib.import_module(f"elman.tasks.classify.{module}"), attribute
    )
    return found


def settled(task: ClassifyTask) -> ClassifyTask:
    """Return a task whose kind of input is known, and all that depends on it.

    Raises:
        ConfigError: If something is set that has no effect on this kind.
    """
    name: str = task.input
    if name == "auto":
        others = (kind for kind in KINDS if kind != "text" and kind_of(kind).recognises(task.data))
        name = next(others, "text")
    for table, owner in TABLES.items():
        if owner != name and getattr(task, table) is not None:
            raise ConfigError(
                f"{table}: has no effect on {kind_of(name).noun}. Leave it out, or say "
                f"--input {owner}"
            )
    kind = kind_of(name)
    if not kind.embeds:
        usual = type(task.model).model_fields
        unused = [key for key in EMBEDS if getattr(task.model, key) != usual[key].default]
        if unused:
            raise ConfigError(f"model.{unused[0]}: has no effect on {kind.noun}. Leave it out")
    return kind.settled(task.model_copy(update={"input": name}))
