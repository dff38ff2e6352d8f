"""The letters that name dimensions, and the check of a tensor against them.

=====  ===========================  =====  ==========================
``B``  batch                        ``T``  time steps
``I``  input_size                   ``H``  hidden_size
``P``  proj_size                    ``G``  gates of the cell
``L``  layers                       ``D``  directions, 1 or 2
``V``  vocabulary                   ``E``  embedding
=====  ===========================  =====  ==========================

``torch.nn`` writes ``N, L`` for what is ``B, T`` here. Knows nothing of torch: anything that
has a ``shape`` can be checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from elman._errors import ShapeError

__all__ = ["HasShape", "check_shape"]


class HasShape(Protocol):
    """Anything with a ``shape``: a torch tensor, a NumPy array."""

    @property
    def shape(self) -> Sequence[int]: ...


def check_shape(name: str, value: HasShape, **dims: int | None) -> None:
    """Check ``value.shape`` against named sizes; ``None`` lets any size through.

    Raises:
        ShapeError: Naming the letters and sizes expected and the shape that came.

    Example:
        >>> import numpy as np
        >>> check_shape("h", np.zeros((2, 5)), B=2, H=5)
        >>> check_shape("h", np.zeros((2, 5)), B=2, H=4)
        Traceback (most recent call last):
        elman._errors.ShapeError: h: expected (B=2, H=4), got (2, 5)
    """
    shape = tuple(int(size) for size in value.shape)
    fits = len(shape) == len(dims) and all(
        want is None or have == want for have, want in zip(shape, dims.values(), strict=True)
    )
    if not fits:
        expected = ", ".join(f"{k}={v}" if v is not None else k for k, v in dims.items())
        raise ShapeError(f"{name}: expected ({expected}), got {shape}")
