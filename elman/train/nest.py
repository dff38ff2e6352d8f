"""Nests of tensors as training meets them: states, inputs, targets, with lists and None too.

`elman.nn.state` is stricter, because a layer knows what its state is; the loop does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

__all__ = ["all_finite", "detached", "map_nest", "tensors_in"]


def map_nest(fn: Callable[[Tensor], Any], nest: Any) -> Any:
    """Apply ``fn`` to every tensor in a nest of tuples, lists and dicts; others stay.

    Example:
        >>> from elman.train.nest import map_nest
        >>> map_nest(lambda t: t.tolist(), (torch.ones(2), [None, torch.zeros(1)]))
        ([1.0, 1.0], [None, [0.0]])
    """
    if isinstance(nest, Tensor):
        return fn(nest)
    if isinstance(nest, tuple):
        parts = [map_nest(fn, part) for part in nest]
        return type(nest)(*parts) if hasattr(nest, "_fields") else tuple(parts)
    if isinstance(nest, list):
        return [map_nest(fn, part) for part in nest]
    if isinstance(nest, dict):
        return {key: map_nest(fn, part) for key, part in nest.items()}
    return nest


def tensors_in(nest: Any) -> Iterator[Tensor]:
    """Go through the tensors of a nest, in the order of `map_nest`."""
    if isinstance(nest, Tensor):
        yield nest
    elif isinstance(nest, (tuple, list)):
        for part in nest:
            yield from tensors_in(part)
    elif isinstance(nest, dict):
        yield from tensors_in(list(nest.values()))


def detached(nest: Any) -> Any:
    """Cut a nest from the graph that made it: the boundary of truncated BPTT."""
    return map_nest(Tensor.detach, nest)


def all_finite(nest: Any) -> bool:
    """Say whether no tensor in a nest holds an infinity or NaN."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors_in(nest))
