"""The kinds of data that are tagged, by name; a kind's code is imported when it is needed."""

from __future__ import annotations

from typing import Any

from elman.tasks.kind import chosen, find_kind, unused
from elman.tasks.tag.config import TABLES, WORDS_ALONE, TagTask
from elman.tasks.tag.kind import TagKind

__all__ = ["KINDS", "kind_of", "settled"]

KINDS: dict[str, str] = {"dna": "dna.DnaTagKind", "signal": "signal.SignalTagKind"}
"""Where each kind that is read step by step lives in this package; sentences are no such kind."""


def kind_of(name: str) -> type[TagKind[Any]]:
    """Return the class of a kind."""
    found: type[TagKind[Any]] = find_kind("elman.tasks.tag", KINDS[name])
    return found


def settled(task: TagTask) -> TagTask:
    """Return a task whose kind of data is known, and all that depends on it.

    Raises:
        ConfigError: If something is set that has no effect on this kind.
    """
    name = chosen(task, KINDS, kind_of, TABLES, "sentences")
    task = task.model_copy(update={"input": name})
    if name == "text":
        return task
    unused(task.model, WORDS_ALONE, kind_of(name).noun)
    if task.model.output is None:
        model = task.model.model_copy(update={"output": "softmax"})
        task = task.model_copy(update={"model": model})
    return kind_of(name).settled(task)
