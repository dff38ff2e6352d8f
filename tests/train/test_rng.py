from __future__ import annotations

import random

import numpy as np
import torch

from elman.train.rng import capture_rng, restore_rng, seed_rng
from elman.train.tree import dump_tree, parse_tree

CPU = torch.device("cpu")


def draw():
    # an odd number of normals leaves one in the generator's pocket
    return torch.rand(3).tolist(), torch.randn(1).item(), random.gauss(0, 1), np.random.randn()


def test_all_generators_come_back_through_a_file():
    draw()
    state = parse_tree(dump_tree(capture_rng(CPU)))
    first = draw()
    draw()
    restore_rng(state, CPU)
    assert draw() == first


def test_a_seed_fixes_all_generators():
    seed_rng(2**62 + 5)
    first = draw()
    seed_rng(2**62 + 5)
    assert draw() == first
    seed_rng(2**62 + 6)
    assert all(a != b for a, b in zip(draw(), first, strict=True))
