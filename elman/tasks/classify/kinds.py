"""The kinds of input by name; a kind's code is imported when it is needed."""

from __future__ import annotations

from typing import Any

from elman.tasks.classify.config import EMBEDS, TABLES, ClassifyTask
from elman.tasks.classify.kind import Kind
from elman.tasks.kind import chosen, find_kind, unused

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
    found: type[Kind[Any]] = find_kind("elman.tasks.classify", KINDS[name])
    return found


def settled(task: ClassifyTask) -> ClassifyTask:
    """Return a task whose kind of input is known, and all that depends on it.

    Raises:
        ConfigError: If something is set that has no effect on this kind.
    """
    name = chosen(task, KINDS, kind_of, TABLES, "texts")
    kind = kind_of(name)
    if not kind.embeds:
        unused(task.model, EMBEDS, kind.noun)
    return kind.settled(task.model_copy(update={"input": name}))
