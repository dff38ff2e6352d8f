"""What goes through a classifier's training and use: labelled, named, arriving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol

import numpy as np
from numpy.typing import NDArray

from elman.tasks.kind import Item

__all__ = ["Examples", "Named", "Step"]


class Examples(Protocol):
    """Labelled sequences; what one is, its kind knows. They may be read when they are asked for."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The number of each one's label, ``(E,)``."""
        ...

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each, ``(E,)``."""
        ...

    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> Any: ...


@dataclass(frozen=True)
class Named(Generic[Item]):
    """A sequence to be classified, and what it is called in the output.

    Args:
        name: A file, a record of it, or the text itself.
        item: The content.
    """

    name: str
    item: Item


@dataclass(frozen=True)
class Step(Generic[Item]):
    """The next piece of a sequence that is still arriving.

    Args:
        stamp: Where it ends: a time, a row, a word.
        item: The piece, which may be many steps.
    """

    stamp: str
    item: Item
