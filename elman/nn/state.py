"""State is a value: a tensor, or a tuple of states, nested as deep as the layers are.

Nothing here knows what a state means. It is mapped over, cut from the graph, and written as
named tensors so that it fits in a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

import torch
from torch import Tensor

from elman._errors import ShapeError

__all__ = ["State", "detach_state", "map_state", "state_from_tensors", "state_to_tensors"]

State: TypeAlias = "Tensor | tuple[State, ...]"
"""A tensor or a nested tuple of tensors."""


def map_state(fn: Callable[..., Tensor], state: State, *others: State) -> State:
    """Apply ``fn`` to every tensor of a state, or to the tensors at one place of several.

    A named tuple stays the named tuple that it was.

    Raises:
        ShapeError: If the states are not nested alike.

    Example:
        >>> h, (c,) = map_state(lambda s: s + 1, (torch.zeros(1), (torch.ones(1),)))
        >>> h, c
        (tensor([1.]), tensor([2.]))
    """
    if isinstance(state, Tensor):
        if not all(isinstance(other, Tensor) for other in others):
            raise ShapeError("states are nested differently: a tensor stands beside a tuple")
        return fn(state, *others)
    for other in others:
        if not isinstance(other, tuple) or len(other) != len(state):
            came = f"a tuple of {len(other)}" if isinstance(other, tuple) else "a tensor"
            raise ShapeError(f"states are nested differently: expected {len(state)}, got {came}")
    tuples = cast("tuple[tuple[State, ...], ...]", others)
    mapped = [map_state(fn, *parts) for parts in zip(state, *tuples, strict=True)]
    return type(state)(*mapped) if hasattr(state, "_fields") else tuple(mapped)


def detach_state(state: State) -> State:
    """Cut a state from the graph that made it: the boundary of truncated BPTT.

    Example:
        >>> h = torch.ones(1, requires_grad=True) * 2
        >>> detach_state((h,))[0].requires_grad
        False
    """
    return map_state(Tensor.detach, state)


def select_rows(rows: Tensor, chosen: State, other: State) -> State:
    """Take the rows of ``chosen`` where ``rows (B,)`` is True, else those of ``other``."""

    def pick(a: Tensor, b: Tensor) -> Tensor:
        return torch.where(rows.reshape(-1, *(1,) * (b.dim() - 1)), a, b)

    return map_state(pick, chosen, other)


def state_to_tensors(state: State | None, name: str = "state") -> dict[str, Tensor]:
    """Flatten a state to named tensors: ``state``, or ``state.0``, ``state.1.0``, and so on.

    Args:
        state: What to flatten; ``None`` gives no tensor at all.
        name: The root of the names.

    Raises:
        ShapeError: If a tuple in the state is empty, because it would leave no trace.

    Example:
        >>> sorted(state_to_tensors((torch.zeros(1), (torch.zeros(1), torch.zeros(1)))))
        ['state.0', 'state.1.0', 'state.1.1']
    """
    if state is None:
        return {}
    if isinstance(state, Tensor):
        return {name: state}
    if not state:
        raise ShapeError(f"{name}: an empty tuple cannot be written as named tensors")
    flat: dict[str, Tensor] = {}
    for k, part in enumerate(state):
        flat |= state_to_tensors(part, f"{name}.{k}")
    return flat


def state_from_tensors(tensors: Mapping[str, Tensor], name: str = "state") -> State | None:
    """Rebuild what `state_to_tensors` flattened; other names in the mapping are left alone.

    Raises:
        ShapeError: If a part of the state is missing.

    Example:
        >>> tensors = {"state.0": torch.zeros(1), "state.1.0": torch.ones(1), "loss": None}
        >>> state_from_tensors(tensors)
        (tensor([0.]), (tensor([1.]),))
    """
    if name in tensors:
        return tensors[name]
    inside = name + "."
    keys = {key[len(inside) :].split(".")[0] for key in tensors if key.startswith(inside)}
    if not keys:
        return None
    if keys != {str(k) for k in range(len(keys))}:
        raise ShapeError(f"{name}: parts are missing, found only {sorted(keys)}")
    parts = (state_from_tensors(tensors, f"{inside}{k}") for k in range(len(keys)))
    return tuple(part for part in parts if part is not None)
