from __future__ import annotations

import math
from typing import NamedTuple

import torch

from elman.train.nest import all_finite, detached, map_nest, tensors_in


class Pair(NamedTuple):
    h: object
    c: object


def test_map_keeps_every_kind_of_nest():
    nest = Pair([torch.ones(1), None], {"x": (torch.zeros(2), 3)})
    mapped = map_nest(lambda t: t + 1, nest)
    assert isinstance(mapped, Pair) and mapped.h[1] is None and mapped.c["x"][1] == 3
    assert [t.tolist() for t in tensors_in(mapped)] == [[2.0], [1.0, 1.0]]


def test_detached_cuts_the_graph_and_shares_the_memory():
    h = torch.ones(2, requires_grad=True) * 2
    (cut,) = detached((h,))
    assert not cut.requires_grad and cut.data_ptr() == h.data_ptr()


def test_all_finite_looks_everywhere():
    assert all_finite([torch.ones(2), None, (torch.tensor(1),)])
    for bad in (math.nan, math.inf):
        assert not all_finite([torch.ones(2), (torch.tensor([0.0, bad]),)])
