"""Every cell, option and awkward size on the compiled kernels: each call within its budget."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._native import KERNELS
from elman.ops import CELLS, Call
from tests.ops.backends.test_cpu import EVERYTHING
from tests.ops.budget import assert_each_within_budget, everything
from tests.ops.calls import OPTIONS, as_dtype, random_call

pytestmark = pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")

SETS = {n: options for n, options in OPTIONS.items() if "projection" not in options}
SETS["everything"] = EVERYTHING
STEPS, BATCHES, HIDDEN = (1, 2, 63), (1, 3, 17), (1, 5, 33, 64, 200)
each = pytest.mark.parametrize(
    ("cell", "options"), [(cell, options) for cell in CELLS for options in SETS]
)


def call32(cell: str, options: tuple[str, ...], seed: int, **size: int) -> Call:
    """A float32 call whose leaves want gradients."""
    call = random_call(cell, options, seed=seed, dtype=torch.float32, **size)
    return as_dtype(call, torch.float32)


@each
def test_within_error_budget(cell: str, options: str) -> None:
    for seed, (T, B, H) in enumerate([(1, 3, 1), (2, 17, 5), (9, 1, 33), (4, 3, 64)]):
        call = call32(cell, SETS[options], seed, T=T, B=B, H=H)
        assert_each_within_budget(call, "cpu", trace=bool(seed % 2))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@each
def test_within_error_budget_at_every_size(cell: str, options: str) -> None:
    seed = 100
    for T in STEPS:
        for B in BATCHES:
            for H in HIDDEN:
                for trace in (False, True):
                    call = call32(cell, SETS[options], seed, T=T, B=B, H=H)
                    assert_each_within_budget(call, "cpu", trace)
                    seed += 1


OPTION = {
    "bias": ["", "no_bias"],
    "lengths": ["", "lengths", "empty_rows"],
    "reset": ["", "reset"],
    "mask": ["", "recurrent_mask"],
    "zoneout": ["", "zoneout_rate", "zoneout_mask", "zoneout_h"],
    "norm": ["", "layer_norm"],
}
mixed = st.tuples(*map(st.sampled_from, OPTION.values())).map(lambda o: tuple(filter(None, o)))
sizes = st.fixed_dictionaries(
    {"T": st.integers(0, 9), "B": st.integers(0, 6), "I": st.integers(1, 20),
     "H": st.integers(1, 40)}
)  # fmt: skip
mixtures = given(
    cell=st.sampled_from(list(CELLS)), options=mixed, size=sizes, trace=st.booleans(),
    seed=st.integers(0, 10**6),
)  # fmt: skip


def judge(
    cell: str, options: tuple[str, ...], size: dict[str, int], trace: bool, seed: int
) -> None:
    """float32 within its budget; float64 as the reference."""
    assert_each_within_budget(call32(cell, options, seed, **size), "cpu", trace)
    call = random_call(cell, options, seed=seed, grad=True, **size)
    truth = everything(call, "reference", trace)
    for name, value in everything(call, "cpu", trace).items():
        scale = float(truth[name].abs().max()) if truth[name].numel() else 0.0
        torch.testing.assert_close(value, truth[name], rtol=1e-9, atol=1e-9 * (1 + scale), msg=name)


@settings(max_examples=30)
@mixtures
def test_options_mixed(
    cell: str, options: tuple[str, ...], size: dict[str, int], trace: bool, seed: int
) -> None:
    judge(cell, options, size, trace, seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=500)
@mixtures
def test_options_mixed_many(
    cell: str, options: tuple[str, ...], size: dict[str, int], trace: bool, seed: int
) -> None:
    judge(cell, options, size, trace, seed)
