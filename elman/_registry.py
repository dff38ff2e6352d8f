"""Names to things, with a helpful error for a name that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from elman._errors import UnknownName, did_you_mean

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """An ordered mapping from a name to one registered thing.

    Args:
        kind: What is registered, for messages: ``"cell"``, ``"tokenizer"``.

    Raises:
        UnknownName: From ``registry[name]``, with the nearest name and all that are known.

    Example:
        >>> cells = Registry[int]("cell")
        >>> cells.register("lstm", 4)
        4
        >>> cells["lstm"]
        4
        >>> cells["ltsm"]
        Traceback (most recent call last):
        elman._errors.UnknownName: unknown cell 'ltsm'; did you mean 'lstm'? Known: lstm
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def register(self, name: str, item: T) -> T:
        """Add ``item`` under ``name`` and return it; a name can be taken once only."""
        if name in self._items:
            raise ValueError(f"{self.kind} '{name}' is registered already")
        self._items[name] = item
        return item

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise UnknownName(
                f"unknown {self.kind} '{name}'{did_you_mean(name, self._items) or '.'} "
                f"Known: {', '.join(self._items)}"
            ) from None

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)
