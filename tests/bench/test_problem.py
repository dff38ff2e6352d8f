from __future__ import annotations

import pytest
import torch

from elman.bench.plan import CELLS
from elman.bench.problem import LayerProblem, Mode, error, layer_problem

SHAPE = (3, 5, 4, 6)
MODES: tuple[Mode, ...] = ("train", "infer")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("mode", MODES)
def test_elman_and_torch_do_the_same_work(cell: str, mode: Mode) -> None:
    problem = LayerProblem(cell, SHAPE)
    for run in (problem.own(mode), problem.torch(mode)):
        assert 0 < error(run(), problem.truth[mode]) < 1e-5


def test_the_truth_is_the_reference_in_float64() -> None:
    truth = LayerProblem("lstm", SHAPE).truth
    shapes = [tuple(value.shape) for value in truth["train"]]
    assert shapes == [(5, 3, 4), (24, 4), (24, 6), (24,), (24,)]
    assert all(value.dtype == torch.float64 for value in (*truth["train"], *truth["infer"]))


def test_a_wrong_gradient_is_seen() -> None:
    problem = LayerProblem("gru", SHAPE)
    found = [value.clone() for value in problem.truth["train"]]
    found[2][0, 0] += 0.5 * found[2].abs().max()
    assert error(found, problem.truth["train"]) == pytest.approx(0.5, rel=0.01)


def test_a_missing_gradient_is_an_error() -> None:
    truth = LayerProblem("gru", SHAPE).truth["train"]
    with pytest.raises(ValueError, match="longer"):
        error(truth[:-1], truth)


def test_operations_are_those_of_the_products() -> None:
    problem = LayerProblem("lstm", SHAPE)
    assert problem.operations("infer") == 2 * 5 * 3 * (4 + 6) * 4 * 6
    assert problem.operations("train") == 3 * problem.operations("infer")


def test_neighbours_share_a_problem_and_no_random_number_is_taken() -> None:
    state = torch.random.get_rng_state()
    assert layer_problem("rnn", SHAPE) is layer_problem("rnn", SHAPE)
    assert torch.equal(state, torch.random.get_rng_state())
