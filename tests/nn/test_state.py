from __future__ import annotations

from collections import namedtuple
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman import nn
from elman._errors import ShapeError
from elman.nn.state import select_rows

tensors = st.integers(0, 9).map(lambda n: torch.full((2, 1), float(n)))
states = st.recursive(
    tensors, lambda inside: st.lists(inside, min_size=1, max_size=12).map(tuple), max_leaves=20
)


@settings(max_examples=25)
@given(states)
def test_flattened_and_rebuilt(state: Any) -> None:
    flat = nn.state_to_tensors(state)
    again = nn.state_from_tensors(flat)
    assert nn.state_to_tensors(again).keys() == flat.keys()
    nn.map_state(lambda a, b: (torch.testing.assert_close(a, b), a)[1], state, again)


@settings(max_examples=25)
@given(states)
def test_map_keeps_the_nesting(state: Any) -> None:
    doubled = nn.map_state(lambda a, b: a + b, state, state)
    nn.map_state(lambda a, b: (torch.testing.assert_close(2 * a, b), a)[1], state, doubled)


def test_nothing_is_no_tensor() -> None:
    assert nn.state_to_tensors(None) == {}
    assert nn.state_from_tensors({"loss": torch.zeros(1)}) is None


def test_names_are_rooted() -> None:
    flat = nn.state_to_tensors((torch.zeros(1), torch.ones(1)), "carry")
    assert list(flat) == ["carry.0", "carry.1"]
    assert nn.state_from_tensors({**flat, "carryover": torch.zeros(1)}, "carry") is not None


def test_named_tuples_survive() -> None:
    pair = namedtuple("pair", "h c")
    state = nn.detach_state(pair(torch.zeros(1), torch.ones(1)))
    assert isinstance(state, pair)


def test_rows_are_chosen() -> None:
    a, b = torch.zeros(3, 2, 2), torch.ones(3, 2, 2)
    chosen = select_rows(torch.tensor([True, False, True]), (a, (a,)), (b, (b,)))
    assert chosen[0][:, 0, 0].tolist() == [0, 1, 0]
    assert torch.equal(chosen[1][0], chosen[0])


def test_errors() -> None:
    h = torch.zeros(1)
    with pytest.raises(ShapeError, match="empty tuple"):
        nn.state_to_tensors((h, ()))
    with pytest.raises(ShapeError, match="parts are missing"):
        nn.state_from_tensors({"state.1": h})
    for other in (h, (h,), (h, h, h)):
        with pytest.raises(ShapeError, match="nested differently"):
            nn.map_state(lambda a, b: a, (h, h), other)
    with pytest.raises(ShapeError, match="nested differently"):
        nn.map_state(lambda a, b: a, h, (h,))
